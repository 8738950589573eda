import { wrongCode } from "../support/codes.ts";
import { type Caller, DAY, HOUR, MINUTE, SECOND, type Sent, type Service, type Started } from "./service.ts";

/** Normal people, and where they are. Numbers and networks are as on a service in mainland China. */
export interface TrafficOptions {
  readonly people: number;
  readonly attemptsADay: number;
  /** The share of attempts by people who were never here before. */
  readonly newcomers?: number;
  /** When messages are accepted and do not arrive, in milliseconds after the first midnight. */
  readonly outage?: { readonly from: number; readonly lastsMs: number };
}

/** What happened to normal people since `reset`. */
export interface Tally {
  attempts: number;
  /** How many of the attempts were on a known device. */
  known: number;
  challenged: number;
  /** Attempts that were told to wait or to come later, though the person did as the page says. */
  refused: number;
  knownRefused: number;
  /** How many attempts failed because of that. */
  locked: number;
  signedIn: number;
  /** Wrong codes that were typed, by the number of their digits. */
  readonly typos: Map<number, number>;
}

export interface Person {
  readonly phone: string;
  readonly home: string;
  readonly network: "carrier" | "campus" | "home";
  /** Which of the carrier's regions, or which campus. */
  readonly region: number;
  deviceToken?: string;
  /** The page counts down until then, before the person can ask for another message. */
  waitsUntil: number | undefined;
}

/** The ranges of ten thousand in which the people's numbers are. */
const PREFIXES = 250;
/** A carrier puts all people of a region behind a few addresses of one /24. */
const REGIONS = 12;
const ADDRESSES_OF_A_REGION = 4;
const TYPO = 0.05;
/** The share of people who ask for a code and then do something else. */
const LOST_INTEREST = 0.06;
/** The share of messages that never arrive in normal operation. */
const LOST_MESSAGE = 0.01;
/** The share of people with a new telephone or browser, or a cleared one. */
const NEW_DEVICE = 0.3;
const PATIENCE_MS = 2 * MINUTE;
const TRIES = 3;

function emptyTally(): Tally {
  return {
    attempts: 0,
    known: 0,
    challenged: 0,
    refused: 0,
    knownRefused: 0,
    locked: 0,
    signedIn: 0,
    typos: new Map(),
  };
}

/** The n-th number of the p-th range of ten thousand that people have. */
export function numberOf(prefix: number, n: number): string {
  return `+86138${String(1_000 + prefix).padStart(4, "0")}${String(n).padStart(4, "0")}`;
}

/** One of the addresses behind which a carrier puts all people of a region. */
export function natAddress(region: number, n: number): string {
  return `117.136.${region}.${1 + (n % ADDRESSES_OF_A_REGION)}`;
}

/** A person's address: a carrier gives another one each time; a campus has one. */
export function addressOf({ network, region, home }: Person, n: number): string {
  if (network === "carrier") return natAddress(region, n);
  return network === "campus" ? `202.120.${region}.1` : home;
}

/** Normal traffic by day and night, until `run` ends. */
export function createTraffic(service: Service, options: TrafficOptions) {
  const { simulation, chance } = service;
  const { newcomers } = options;
  const people = Array.from({ length: options.people }, (_, n) => personOf(n));
  const began = simulation.now();
  let tally = emptyTally();

  function personOf(n: number): Person {
    const kind = chance.next();
    const network = kind < 0.5 ? "carrier" : kind < 0.65 ? "campus" : "home";
    const phone = numberOf(chance.below(PREFIXES), (n * 37) % 10_000);
    const home = `113.${64 + chance.below(64)}.${chance.below(256)}.${1 + chance.below(254)}`;
    const isV6 = network === "home" && chance.happens(0.4);
    const region = n % REGIONS;
    return {
      phone,
      network,
      region,
      waitsUntil: undefined,
      home: isV6 ? `2409:8a${hex(chance.below(256))}:${hex(chance.below(65_536))}::1` : home,
    };
  }

  function newcomer(): Person {
    const person = personOf(people.length);
    people.push(person);
    return person;
  }

  function isOut(): boolean {
    const { outage } = options;
    const since = simulation.now() - began;
    return outage !== undefined && since >= outage.from && since < outage.from + outage.lastsMs;
  }

  /** Times of a day's attempts: few at night, most in the evening. */
  function nextGapMs(): number {
    const hour = ((simulation.now() + 8 * HOUR) % DAY) / HOUR;
    const busy = 1 - 0.85 * Math.cos(((hour - 3) / 24) * 2 * Math.PI);
    return (-Math.log(1 - chance.next()) * DAY) / options.attemptsADay / busy;
  }

  async function arrivals(): Promise<void> {
    for (;;) {
      await simulation.sleep(nextGapMs());
      const isNew = newcomers !== undefined && chance.happens(newcomers);
      const person = isNew ? newcomer() : people[chance.below(people.length)];
      if (person) simulation.spawn(simulation.now(), async () => void (await signIn(person)));
    }
  }

  /**
   * One attempt of a person to sign in, as the page leads through it. Resolves with whether it ended well.
   *
   * @param how a person who is `sure` uses the known telephone, does not give up and makes no typing error
   */
  async function signIn(person: Person, how: "anyhow" | "sure" = "anyhow"): Promise<boolean> {
    const isSure = how === "sure";
    const deviceToken = !isSure && chance.happens(NEW_DEVICE) ? undefined : person.deviceToken;
    const nth = person.network === "carrier" ? chance.below(ADDRESSES_OF_A_REGION) : 0;
    const caller: Caller = {
      side: "people",
      address: addressOf(person, nth),
      ...(deviceToken && { deviceToken }),
      solves: true,
    };
    const seen = tally;
    seen.attempts += 1;
    if (deviceToken) seen.known += 1;
    const told = { challenged: false, refused: false };
    if (person.waitsUntil !== undefined) await simulation.sleep(person.waitsUntil - simulation.now());
    const ended = await attempt(caller, person, told, isSure);
    if (told.challenged) seen.challenged += 1;
    if (told.refused) seen.refused += 1;
    if (told.refused && deviceToken) seen.knownRefused += 1;
    if (ended === "locked") seen.locked += 1;
    if (typeof ended === "object") {
      seen.signedIn += 1;
      person.deviceToken = ended.deviceToken;
      person.waitsUntil = undefined;
    }
    return typeof ended === "object";
  }

  async function attempt(
    caller: Caller,
    person: Person,
    told: { challenged: boolean; refused: boolean },
    isSure: boolean,
  ) {
    const { phone } = person;
    let started: Started | undefined;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const again = started?.sent ? started.id : undefined;
      started = again ? await service.resend(caller, again) : await service.start(caller, phone);
      if (started.challenged) told.challenged = true;
      if (!started.sent) {
        told.refused = true;
        if (started.waitMs > PATIENCE_MS) return "locked";
        await simulation.sleep(started.waitMs);
        continue;
      }
      person.waitsUntil = simulation.now() + started.waitMs;
      if (!isSure && chance.happens(LOST_INTEREST)) return "left";
      if (isSure || (!isOut() && !chance.happens(LOST_MESSAGE))) {
        await simulation.sleep(8 * SECOND + chance.below(20 * SECOND));
        return (await typeCode(caller, started, isSure ? 0 : TYPO)) ?? "left";
      }
      await simulation.sleep(started.waitMs + 5 * SECOND);
    }
    return started?.sent ? "left" : "locked";
  }

  async function typeCode(caller: Caller, { id, code }: Sent, typo: number) {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const isTypo = chance.happens(typo);
      const deviceToken = await service.guess(caller, id, isTypo ? wrongCode(code) : code);
      if (deviceToken) return { deviceToken };
      if (!isTypo) return undefined;
      tally.typos.set(code.length, (tally.typos.get(code.length) ?? 0) + 1);
      await simulation.sleep(6 * SECOND);
    }
    return undefined;
  }

  return {
    people,
    begin: () => simulation.spawn(simulation.now(), arrivals),
    signIn,
    /** Begins to count from zero; wrong codes are kept, as in the ledger. */
    reset() {
      tally = { ...emptyTally(), typos: tally.typos };
    },
    tally: () => tally,
  };
}

export type Traffic = ReturnType<typeof createTraffic>;

function hex(number: number): string {
  return number.toString(16);
}
