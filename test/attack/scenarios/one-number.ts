import { wrongCode } from "../../support/codes.ts";
import { HOUR, MINUTE, SECOND, type Service } from "../service.ts";
import { attackerAt, botAddress, type Scenario, type Stage } from "../stage.ts";
import { numberOf, type Person } from "../traffic.ts";

const PHONE = numberOf(0, 4_242);
const NATIONAL = PHONE.slice("+86".length);

/** The same number as parsers read it, however it is written. */
const SPELLINGS = [
  PHONE,
  NATIONAL,
  `0086${NATIONAL}`,
  `86${NATIONAL}`,
  `0${NATIONAL}`,
  `+86(0)${NATIONAL}`,
  `+86 ${NATIONAL.slice(0, 3)} ${NATIONAL.slice(3, 7)} ${NATIONAL.slice(7)}`,
  NATIONAL.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  NATIONAL.replace(/\d/g, (digit) => String.fromCodePoint(0x660 + Number(digit))),
  `(${NATIONAL.slice(0, 3)}) ${NATIONAL.slice(3, 7)}-${NATIONAL.slice(7)}`,
];

/** The owner signs in now and then on a telephone that is known. */
function ownerComesBack({ service, traffic, until, victims }: Stage, everyMs: number): void {
  const { simulation } = service;
  const owner: Person = {
    phone: PHONE,
    network: "home",
    region: 0,
    home: "113.90.1.1",
    waitsUntil: undefined,
  };
  simulation.spawn(simulation.now(), async () => {
    if (!(await traffic.signIn(owner, "sure"))) throw new Error("the owner did not get in before the attack");
    for (;;) {
      await simulation.sleep(everyMs);
      if (simulation.now() > until - HOUR) return;
      victims.asked += 1;
      if (await traffic.signIn(owner, "sure")) victims.signedIn += 1;
    }
  });
}

/** Asks for messages again and again, each time from elsewhere and spelled in another way. */
function bomb(stage: Stage): void {
  const { service, until } = stage;
  const { simulation } = service;
  ownerComesBack(stage, 6 * HOUR);
  simulation.spawn(simulation.now() + MINUTE, async () => {
    for (let n = 0; simulation.now() < until; n += 1) {
      await service.start(attackerAt(botAddress(n)), SPELLINGS[n % SPELLINGS.length] ?? PHONE);
      await simulation.sleep(stage.form === "short" ? 3 * MINUTE : MINUTE);
    }
  });
}

/** Takes every code that it can get, and types wrong ones as long as they count. */
function useUp(stage: Stage): void {
  const { service, until } = stage;
  const { simulation } = service;
  ownerComesBack(stage, 6 * HOUR);
  simulation.spawn(simulation.now() + MINUTE, async () => {
    for (let n = 0; simulation.now() < until; n += 1) {
      await simulation.sleep(await guessAll(service, n));
    }
  });
}

/** One code and all guesses at it; resolves with how long it pays to wait then. */
async function guessAll(service: Service, n: number): Promise<number> {
  const caller = attackerAt(botAddress(n));
  const started = await service.start(caller, PHONE);
  if (!started.sent) return Math.max(MINUTE, started.waitMs);
  for (let tries = 0; tries < 3; tries += 1) {
    await service.guess(caller, started.id, wrongCode(started.code));
  }
  return Math.max(SECOND, started.waitMs);
}

/** Guesses as often as it can for a year, and waits as long as it is told to. */
function guessForAYear({ service, until }: Stage): void {
  const { simulation } = service;
  simulation.spawn(simulation.now(), async () => {
    for (let n = 0; simulation.now() < until; n += 1) {
      await simulation.sleep(await guessAll(service, n));
    }
  });
}

const YEAR_HOURS = 365 * 24;
/** Twice what the ledger looks back. */
const TWO_LEDGERS = 2 * 30 * 24 - 2;
const BOTH = ["short", "long"] as const;

export const BOMBING: Scenario = {
  title: "Bombing a number, and locking its owner out",
  attacker:
    "The attacker asks for messages to one number all day, from ever new addresses and in every spelling; or asks for every possible code and uses up its guesses. The owner signs in every six hours on a known device.",
  stops:
    "Every spelling is read as the same number. Strangers can cause six messages a day to it. Four more messages and a separate ledger of guesses are reserved for its known devices.",
  left: "Six messages a day. An owner without a known device is a stranger too, and has to wait while the six are used up.",
  attacks: [
    {
      name: "under every spelling",
      hours: { short: 26, long: 50 },
      inForms: BOTH,
      begin: bomb,
      bounds: { phoneDay: 6 },
    },
    {
      name: "using up sends and guesses",
      hours: { short: 26, long: 5 * 24 },
      inForms: BOTH,
      begin: useUp,
      bounds: { phoneDay: 6 },
    },
  ],
};

export const GUESSING: Scenario = {
  title: "Guessing one number",
  attacker:
    "The attacker asks for a new code whenever possible, from ever new addresses, and uses every guess, for a year.",
  stops:
    "The number's ledger allows nine wrong guesses in 30 days, however many codes are sent. After that codes have 8 digits and allow nine guesses a day. If the sender carries only 6 digits, there is one guess a day, after a challenge.",
  left: "The chance in the table, if the attack goes on all year and nobody notices the messages.",
  attacks: [
    {
      name: "8 digits when the ledger is spent",
      hours: { short: TWO_LEDGERS, long: YEAR_HOURS },
      isAlone: true,
      inForms: BOTH,
      begin: guessForAYear,
      bounds: { oneNumberYear: 1.5e-4, phoneDay: 6 },
    },
    {
      name: "a sender that carries 6 digits",
      hours: { short: TWO_LEDGERS, long: YEAR_HOURS },
      isAlone: true,
      maxCodeLength: 6,
      inForms: BOTH,
      begin: guessForAYear,
      bounds: { oneNumberYear: 5e-4, phoneDay: 6 },
    },
  ],
};
