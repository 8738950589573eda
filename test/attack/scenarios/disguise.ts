import { solveAltcha } from "../../support/altcha.ts";
import { MINUTE, SECOND } from "../service.ts";
import { attackerAt, type Scenario, type Stage } from "../stage.ts";
import { numberOf } from "../traffic.ts";

const PROXY = "203.0.113.9";
const REAL = "198.51.100.7";

const anywhere = (n: number) => numberOf(1_000 + (n % 7_000), Math.floor(n / 7_000));

/** One attacker who pretends to be others: by headers, through the trusted proxy, and with addresses of one /64. */
function spoof({ service, until }: Stage): void {
  const { simulation, chance } = service;
  const anybody = () => `${1 + chance.below(220)}.${chance.below(256)}.${chance.below(256)}.1`;
  const disguises = [
    () => attackerAt(REAL, { headers: { "x-forwarded-for": anybody(), "x-real-ip": anybody() } }),
    () => attackerAt(REAL, { headers: { forwarded: `for=${anybody()}` } }),
    () => attackerAt(PROXY, { headers: { "x-forwarded-for": `${anybody()}, ${anybody()}, ${REAL}` } }),
    () => attackerAt(`::ffff:${REAL}`),
    () => attackerAt(`2001:db8:1:1::${chance.below(65_536).toString(16)}`),
  ];
  simulation.spawn(simulation.now(), async () => {
    for (let n = 0; simulation.now() < until; n += 1) {
      const disguise = disguises[n % disguises.length];
      if (disguise) await service.start(disguise(), anywhere(n));
      await simulation.sleep(MINUTE);
    }
  });
}

/** Solves one real puzzle, and sends the solution for the same number and for others, again and again. */
function replay({ service, until }: Stage): void {
  const { simulation, world, work } = service;
  const attacker = attackerAt(REAL, { solves: false });
  const send = async (n: number, more: object) =>
    await service.start({ ...attacker, body: more }, anywhere(n));
  simulation.spawn(simulation.now(), async () => {
    for (let n = 0; n < 10; n += 1) await send(n, {});
    const offer = await world.post("/v1/challenges", { phone: anywhere(10) }, {}, REAL);
    const { puzzle } = (await offer.json()) as { puzzle?: object };
    const captcha = puzzle ? await solveAltcha(puzzle) : undefined;
    if (captcha) work.solved += 1;
    for (let n = 10; simulation.now() < until; n += 1) {
      await send(n % 2 === 0 ? 10 : n, captcha ? { captcha } : {});
      await simulation.sleep(5 * SECOND);
    }
  });
}

export const DISGUISE: Scenario = {
  title: "Disguise",
  attacker:
    "The attacker claims another address with every request, by `X-Forwarded-For`, `Forwarded` and `X-Real-IP`, directly and through a trusted proxy, or uses all addresses of one IPv6 network; or solves one proof of work and sends it hundreds of times.",
  stops:
    "Forwarding headers count only if a configured proxy sent them, and are read from the right. IPv6 addresses count by /64, mapped IPv4 addresses as IPv4. A solution is bound to its number and counts once, in the same step that counts the message.",
  left: "Nothing: attackers get the messages of two addresses, and one message for one solution.",
  attacks: [
    {
      name: "spoofed addresses",
      hours: { short: 8, long: 24 },
      inForms: ["short", "long"],
      env: { TRUSTED_PROXIES: PROXY },
      begin: spoof,
      bounds: { messages: 60 },
    },
    {
      name: "replay of a proof of work",
      hours: { short: 0.5, long: 0.9 },
      inForms: ["short", "long"],
      realPuzzles: true,
      env: { ALTCHA_COST: "1" },
      begin: replay,
      bounds: { messages: 11 },
    },
  ],
};
