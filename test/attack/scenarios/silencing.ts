import { HOUR, MINUTE } from "../service.ts";
import { attackerAt, botAddress, type Scenario, type Stage } from "../stage.ts";
import { addressOf, natAddress, numberOf, type Traffic } from "../traffic.ts";

interface Silencing {
  readonly perHour: number;
  readonly addressOf: (n: number, traffic: Traffic) => string;
  readonly phoneOf: (n: number) => string;
  /** Whether every second code is entered. */
  readonly isHalfFaked?: boolean;
}

/** Leaves message after message without an answer, so that protections turn against others. */
function silence({ perHour, addressOf, phoneOf, isHalfFaked = false }: Silencing) {
  return ({ service, traffic, until }: Stage) => {
    const { simulation } = service;
    simulation.spawn(simulation.now(), async () => {
      for (let n = 0; simulation.now() < until; n += 1) {
        const caller = attackerAt(addressOf(n, traffic));
        const started = await service.start(caller, phoneOf(n));
        if (started.sent && isHalfFaked && n % 2 === 0) await service.guess(caller, started.id, started.code);
        await simulation.sleep(HOUR / perHour);
      }
    });
  };
}

/** From always new networks, except every third message, which comes from a region with people. */
const crowdAndRegion = (n: number) => (n % 3 === 0 ? natAddress(0, n / 3) : botAddress(n % 5_000));

/** From the addresses of people. */
function amongPeople(n: number, { people }: Traffic): string {
  const person = people[n % people.length];
  return person ? addressOf(person, n) : botAddress(n);
}

const BOUGHT = 100;

/** Signs in with numbers of its own from many networks, so that these get shares; half of its later requests come from them. */
function buyShares(stage: Stage): void {
  const { service } = stage;
  const { simulation } = service;
  simulation.spawn(simulation.now(), async () => {
    for (let n = 0; n < BOUGHT; n += 1) {
      const caller = attackerAt(botAddress(n));
      const started = await service.start(caller, numberOf(5_000 + n, 1));
      if (started.sent) await service.guess(caller, started.id, started.code);
    }
    await simulation.sleep(2 * HOUR);
    silence({
      perHour: 1_200,
      addressOf: (n) => botAddress(n % 2 === 0 ? (n / 2) % BOUGHT : n % 5_000),
      phoneOf: anywhere,
    })(stage);
  });
}

/** Always new numbers in always new ranges. */
const anywhere = (n: number) => numberOf(1_000 + (n % 7_000), Math.floor(n / 7_000) % 10_000);

const SPEND_HOUR = 50;
const BOTH = ["short", "long"] as const;
/** Strangers among those who share the attacker's network: a twelfth of half of the people. No rule can tell them apart. */
const ONE_REGION = 0.025;
/** An attacker in every network of people, who has numbers, cannot be told from people. */
const EVERYBODY = 1;

export const SILENCING: Scenario = {
  title: "Silencing others",
  attacker:
    "The attacker turns the protections against a competitor: they ask for messages and enter no code, until a range of numbers, the people behind a carrier's NAT, a country or everybody is refused.",
  stops:
    "One network counts for at most a quarter of what blocks a range, and for at most a twentieth of what starts attack mode, which only challenges. Codes that are entered reduce the counts, and known devices are never affected. Networks from which people sign in have a share of the budget. No crowd from elsewhere can buy it, and it is used before an address or a network is blocked.",
  left: "Attackers in four networks can get a range of 10,000 numbers blocked for its strangers. A crowd that has an address, a number and a solved challenge for each message can use up the open part of the budget; then strangers from networks without sign-ins wait. Strangers who share a network with an attacker are refused once its share is used up (*5,000 networks and a carrier's region*), because no rule can tell them apart. Buying shares takes a number for each network. Attackers who are in every network of your users and enter codes as people do look like a crowd of users (*from wherever people are*). They can use up the whole budget; then strangers wait, and known devices still get in. If that happens, raise `SPEND_HOUR` while it lasts; the alert comes before.",
  attacks: [
    {
      name: "a range in which people are",
      hours: { short: 12, long: 24 },
      inForms: BOTH,
      begin: silence({
        perHour: 30,
        addressOf: (n) => botAddress(n % 400, 4),
        phoneOf: (n) => numberOf(7, n),
      }),
      bounds: { rangeDay: 60 },
    },
    {
      name: "one address of a carrier's NAT",
      isSettled: true,
      hours: { short: 12, long: 72 },
      inForms: ["long"],
      begin: silence({ perHour: 40, addressOf: () => natAddress(0, 0), phoneOf: anywhere }),
      bounds: {},
    },
    {
      name: "all addresses of a carrier's region",
      isSettled: true,
      hours: { short: 12, long: 24 },
      inForms: ["long"],
      begin: silence({ perHour: 60, addressOf: (n) => natAddress(0, n), phoneOf: anywhere }),
      bounds: {},
    },
    {
      name: "a country, from one network",
      hours: { short: 12, long: 24 },
      inForms: ["long"],
      begin: silence({ perHour: 60, addressOf: (n) => botAddress(n % 250, 250), phoneOf: anywhere }),
      bounds: {},
    },
    {
      name: "a country, from 100 networks",
      hours: { short: 8, long: 24 },
      inForms: BOTH,
      begin: silence({ perHour: 80, addressOf: (n) => botAddress(n % 400, 4), phoneOf: anywhere }),
      bounds: {},
    },
    {
      name: "the budget, from 5,000 networks",
      isSettled: true,
      hours: { short: 2, long: 8 },
      inForms: ["long"],
      begin: silence({ perHour: 1_200, addressOf: (n) => botAddress(n % 5_000), phoneOf: anywhere }),
      bounds: { hour: SPEND_HOUR },
    },
    {
      name: "the budget, from 5,000 networks and a carrier's region",
      isSettled: true,
      hours: { short: 2, long: 8 },
      inForms: ["long"],
      begin: silence({ perHour: 1_200, addressOf: crowdAndRegion, phoneOf: anywhere, isHalfFaked: true }),
      bounds: { hour: SPEND_HOUR, refused: ONE_REGION },
    },
    {
      name: "the budget, with shares that 100 numbers got",
      isSettled: true,
      hours: { short: 4, long: 10 },
      inForms: ["long"],
      begin: buyShares,
      bounds: { hour: SPEND_HOUR },
    },
    {
      name: "the budget, from wherever people are",
      isSettled: true,
      hours: { short: 2, long: 8 },
      inForms: ["long"],
      begin: silence({ perHour: 1_200, addressOf: amongPeople, phoneOf: anywhere, isHalfFaked: true }),
      bounds: { hour: SPEND_HOUR, refused: EVERYBODY },
    },
    {
      name: "the reserve, with challenges that are bought",
      isSettled: true,
      hours: { short: 2, long: 8 },
      thirdParty: true,
      inForms: ["long"],
      begin: silence({ perHour: 1_300, addressOf: (n) => botAddress(n % 5_000), phoneOf: anywhere }),
      bounds: { hour: SPEND_HOUR * 1.1 },
    },
  ],
};

export const NORMAL: Scenario = {
  title: "Nobody attacks",
  attacker:
    "None. In two of the rows the sender accepts messages for half an hour, and none of them arrives.",
  stops: "Nothing has to be stopped.",
  left: "Nothing: nobody is refused.",
  attacks: [
    {
      name: "a normal day",
      hours: { short: 24, long: 48 },
      inForms: ["long"],
      begin: () => {},
      bounds: {},
    },
    {
      name: "an outage of delivery",
      hours: { short: 24, long: 48 },
      outage: { from: 34 * HOUR, lastsMs: 30 * MINUTE },
      inForms: BOTH,
      begin: () => {},
      bounds: {},
    },
  ],
};
