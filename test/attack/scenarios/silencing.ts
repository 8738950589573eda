import { HOUR, MINUTE } from "../service.ts";
import { attackerAt, botAddress, type Scenario, type Stage } from "../stage.ts";
import { natAddress, numberOf } from "../traffic.ts";

interface Silencing {
  readonly perHour: number;
  readonly addressOf: (n: number) => string;
  readonly phoneOf: (n: number) => string;
}

/** Leaves message after message without an answer, so that protections turn against others. */
function silence({ perHour, addressOf, phoneOf }: Silencing) {
  return ({ service, until }: Stage) => {
    const { simulation } = service;
    simulation.spawn(simulation.now(), async () => {
      for (let n = 0; simulation.now() < until; n += 1) {
        await service.start(attackerAt(addressOf(n)), phoneOf(n));
        await simulation.sleep(HOUR / perHour);
      }
    });
  };
}

/** Ever new numbers in ever new ranges. */
const anywhere = (n: number) => numberOf(1_000 + (n % 7_000), Math.floor(n / 7_000) % 10_000);

const SPEND_HOUR = 50;
const BOTH = ["short", "long"] as const;
/** Whoever has as many numbers, addresses and solutions as the budget has messages is a crowd of strangers to us. */
const A_CROWD = 1;
/** Of half of the people, a twelfth: all that shares the attacker's network. */
const ONE_REGION = 0.05;

export const SILENCING: Scenario = {
  title: "Silencing others",
  attacker:
    "Turns the protections against a competitor: leaves messages unanswered until a range of numbers, the people behind a carrier's NAT, a country or everybody is refused.",
  stops:
    "One network adds at most a quarter to the block of a range and at most a twentieth to attack mode, which only challenges. What is approved takes away from what is counted, and known devices are never bound.",
  left: "A range can be blocked from four networks, for its strangers: 10,000 numbers. Who sits behind the same NAT as an attacker is blocked with them as a stranger, unless as many sign in there as the attacker leaves open: one address costs about thirty messages a day, a region of four about seventy, and more than 1 % of all attempts where more than that come from there (*all addresses of a carrier's region*). And a crowd with an address, a number and a solved challenge for each message cannot be told from strangers: in the last two rows it buys the whole budget, after which strangers wait and known devices go on; with a third party's challenges it buys the last tenth as well. A greater `SPEND_HOUR`, for as long as it lasts, is the answer to that, and the alert at 80 % comes before.",
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
      hours: { short: 12, long: 72 },
      inForms: ["long"],
      begin: silence({ perHour: 40, addressOf: () => natAddress(0, 0), phoneOf: anywhere }),
      bounds: {},
    },
    {
      name: "all addresses of a carrier's region",
      hours: { short: 12, long: 24 },
      inForms: ["long"],
      begin: silence({ perHour: 60, addressOf: (n) => natAddress(0, n), phoneOf: anywhere }),
      bounds: { refused: ONE_REGION },
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
      hours: { short: 2, long: 8 },
      inForms: ["long"],
      begin: silence({ perHour: 1_200, addressOf: (n) => botAddress(n % 5_000), phoneOf: anywhere }),
      bounds: { hour: SPEND_HOUR, refused: A_CROWD },
    },
    {
      name: "the reserve, with challenges that are bought",
      hours: { short: 2, long: 8 },
      thirdParty: true,
      inForms: ["long"],
      begin: silence({ perHour: 1_300, addressOf: (n) => botAddress(n % 5_000), phoneOf: anywhere }),
      bounds: { hour: SPEND_HOUR * 1.1, refused: A_CROWD },
    },
  ],
};

export const NORMAL: Scenario = {
  title: "Nobody attacks",
  attacker: "Nobody. In one of the rows messages are accepted and do not arrive for half an hour.",
  stops: "Nothing needs to.",
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
