import { HOUR } from "../service.ts";
import { attackerAt, botAddress, type Scenario, type Stage } from "../stage.ts";
import { numberOf } from "../traffic.ts";

interface Pumping {
  readonly addresses: number;
  /** How many of the addresses lie in one /24. */
  readonly inNetwork: number;
  readonly ranges: number;
  readonly perHour: number;
  /** The share of the messages whose code is entered: these numbers belong to the attacker. */
  readonly faked: number;
}

/** Ranges in which no person has a number. */
const FIRST_RANGE = 4_000;

/** Asks for codes to one number after the other, as fast as planned, whatever the answers are. */
export function pump({ addresses, inNetwork, ranges, perHour, faked }: Pumping) {
  return ({ service, until }: Stage) => {
    const { simulation } = service;
    simulation.spawn(simulation.now(), async () => {
      for (let n = 0; simulation.now() < until; n += 1) {
        const phone = numberOf(FIRST_RANGE + (n % ranges), Math.floor(n / ranges) % 10_000);
        const caller = attackerAt(botAddress(n % addresses, inNetwork));
        const started = await service.start(caller, phone);
        const isFaked = Math.floor((n + 1) * faked) > Math.floor(n * faked);
        if (started.sent && isFaked) await service.guess(caller, started.id, started.code);
        await simulation.sleep(HOUR / perHour);
      }
    });
  };
}

const SPEND_HOUR = 50;
const BOTH = ["short", "long"] as const;

export const PUMPING: Scenario = {
  title: "Pumping",
  attacker:
    "The attacker earns from every message to certain ranges of numbers, and asks for codes for number after number. They wait until a block is over, use both messages that are let through after it, and solve every challenge. In some rows they enter some of the codes, so that the traffic looks normal.",
  stops:
    "The guard blocks a range of ten thousand numbers after 40 messages whose codes nobody entered, for 1, 2, 4 and 8 hours. After each block it lets two messages through as a probe. Faked sign-ins count as people, until first the limits on the range and then the open part of the budget stop them. The rest of the budget is reserved for networks from which people sign in.",
  left: "Across very many ranges and networks only the budget stops the attack: an attacker in 5,000 networks who solves a challenge for each message uses up its open part, three fifths. Then strangers wait, if nobody signed in from their network within two weeks. Entering half of the codes needs real numbers, and earns no more.",
  attacks: [
    {
      name: "one range, one address",
      hours: { short: 26, long: 50 },
      inForms: BOTH,
      begin: pump({ addresses: 1, inNetwork: 1, ranges: 1, perHour: 30, faked: 0 }),
      bounds: { rangeDay: 60, hour: SPEND_HOUR },
    },
    {
      name: "one range, 5,000 addresses",
      hours: { short: 26, long: 50 },
      inForms: BOTH,
      begin: pump({ addresses: 5_000, inNetwork: 4, ranges: 1, perHour: 60, faked: 0 }),
      bounds: { rangeDay: 60, hour: SPEND_HOUR },
    },
    {
      name: "500 ranges, 5,000 addresses in 20 networks",
      hours: { short: 8, long: 12 },
      inForms: ["long"],
      begin: pump({ addresses: 5_000, inNetwork: 250, ranges: 500, perHour: 500, faked: 0 }),
      bounds: { rangeDay: 60, hour: SPEND_HOUR },
    },
    {
      name: "500 ranges, 5,000 networks",
      isSettled: true,
      hours: { short: 1.2, long: 8 },
      inForms: BOTH,
      begin: pump({ addresses: 5_000, inNetwork: 1, ranges: 500, perHour: 1_200, faked: 0 }),
      bounds: { rangeDay: 60, hour: SPEND_HOUR },
    },
    {
      name: "one range, a third faked as complete",
      hours: { short: 2, long: 12 },
      inForms: ["long"],
      begin: pump({ addresses: 5_000, inNetwork: 4, ranges: 1, perHour: 240, faked: 1 / 3 }),
      bounds: { hour: SPEND_HOUR },
    },
    {
      name: "one range, half faked as complete",
      hours: { short: 2, long: 12 },
      inForms: BOTH,
      begin: pump({ addresses: 5_000, inNetwork: 4, ranges: 1, perHour: 240, faked: 0.5 }),
      bounds: { hour: SPEND_HOUR },
    },
    {
      name: "500 ranges, half faked as complete",
      isSettled: true,
      hours: { short: 2, long: 8 },
      inForms: ["long"],
      begin: pump({ addresses: 5_000, inNetwork: 1, ranges: 500, perHour: 1_200, faked: 0.5 }),
      bounds: { hour: SPEND_HOUR },
    },
  ],
};
