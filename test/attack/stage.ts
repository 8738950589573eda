import {
  type AttackSend,
  type Caller,
  DAY,
  HOUR,
  type LedgerRow,
  type Mode,
  openService,
  type Service,
} from "./service.ts";
import { createTraffic, type Tally, type Traffic } from "./traffic.ts";

/** `short` plays fewer people and fewer hours of the same, with the same bounds. */
export type Form = "short" | "long";

/** What an attacker has to work with. */
export interface Stage {
  readonly service: Service;
  readonly traffic: Traffic;
  readonly form: Form;
  readonly mode: Mode;
  /** When the attack ends, epoch milliseconds. */
  readonly until: number;
  /** The people whom the attack targets, and how often they signed in. */
  readonly victims: { asked: number; signedIn: number };
}

/** One kind of attack, a section of the page. */
export interface Scenario {
  readonly title: string;
  /** What the attacker does, what stops it, and what is left. */
  readonly attacker: string;
  readonly stops: string;
  readonly left: string;
  readonly attacks: readonly Attack[];
}

/** One variant of an attack, a row of the table. */
export interface Attack {
  readonly name: string;
  readonly hours: Readonly<Record<Form, number>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly maxCodeLength?: number;
  readonly thirdParty?: boolean;
  /** Whether challenges are real puzzles, which the attack solves itself. */
  readonly realPuzzles?: boolean;
  readonly outage?: { readonly from: number; readonly lastsMs: number };
  /** Whether two weeks of normal traffic come before, with new people all the time, from which the guard learns; else a day. */
  readonly isSettled?: true;
  /** No other people take part, since the measurement takes a year. */
  readonly isAlone?: boolean;
  readonly inForms: readonly Form[];
  /** Begins the attack, which may go on until the end. */
  readonly begin: (stage: Stage) => void;
  readonly bounds: Bounds;
}

/** What is asserted of an attack with protections on, besides what is always asserted. */
export interface Bounds {
  /** Messages to any range of ten thousand numbers in any 24 hours. */
  readonly rangeDay?: number;
  /** Messages to any one number in any 24 hours. */
  readonly phoneDay?: number;
  /** All messages of the attack. */
  readonly messages?: number;
  /** Cost of the attack's messages in any hour, in yuan. */
  readonly hour?: number;
  /** Chance of a break-in a year for the number that was guessed at most. */
  readonly oneNumberYear?: number;
  /** The share of normal attempts that may be refused: 1 % unless stated otherwise with a reason. */
  readonly refused?: number;
}

export interface Result {
  readonly attack: Attack;
  readonly mode: Mode;
  readonly messages: number;
  readonly yuan: number;
  readonly hourYuan: number;
  readonly rangeDay: number;
  readonly phoneDay: number;
  readonly solved: number;
  readonly guesses: number;
  readonly oneNumberYear: number;
  readonly breakInsAYear: number;
  readonly people: Tally;
  readonly victims: Stage["victims"];
}

const TWO_WEEKS = 14 * DAY;
/** After two weeks nearly all people were here before, so one attempt in fifty is somebody's first. */
const NEWCOMERS = 0.02;

/** The default price in `SMS_PRICES` of a message in mainland China, in yuan. */
const PRICE = 0.05;
const YEAR = 365 * DAY;

const SIZES: Readonly<Record<Form, { people: number; attemptsADay: number }>> = {
  short: { people: 150, attemptsADay: 150 },
  long: { people: 400, attemptsADay: 300 },
};

/** Plays a day of normal traffic, then the attack; returns what it led to. */
export async function play(attack: Attack, mode: Mode, form: Form, seed = 1): Promise<Result> {
  const { outage, isSettled } = attack;
  const service = await openService({ ...attack, mode, seed });
  try {
    const { simulation } = service;
    const traffic = createTraffic(service, {
      ...SIZES[form],
      ...(outage && { outage }),
      ...(isSettled && { newcomers: NEWCOMERS }),
    });
    if (!attack.isAlone) {
      traffic.begin();
      await simulation.run(simulation.now() + (isSettled ? TWO_WEEKS : DAY));
    }
    traffic.reset();
    service.work.solved = 0;
    const spanMs = attack.hours[form] * HOUR;
    const until = simulation.now() + spanMs;
    const stage: Stage = { service, traffic, form, mode, until, victims: { asked: 0, signedIn: 0 } };
    attack.begin(stage);
    await simulation.run(until);
    return await resultOf(attack, stage, spanMs);
  } finally {
    await service.close();
  }
}

async function resultOf(attack: Attack, stage: Stage, spanMs: number): Promise<Result> {
  const { service, traffic, mode, victims } = stage;
  const { sends } = service;
  const rows = await service.ledger();
  const typos = [...traffic.tally().typos].map(([codeLength, count]) => ({ codeLength, count }));
  const guesses = sum(rows) - sum(typos);
  const inAYear = (chance: number) => (chance * YEAR) / spanMs;
  return {
    attack,
    mode,
    messages: sends.length,
    yuan: sends.length * PRICE,
    hourYuan: mostWithin(HOUR, sends, () => "all") * PRICE,
    rangeDay: mostWithin(DAY, sends, ({ phone }) => phone.slice(0, -4)),
    phoneDay: mostWithin(DAY, sends, ({ phone }) => phone),
    solved: service.work.solved,
    guesses,
    oneNumberYear: guesses > 0 ? 1 - Math.exp(-inAYear(Math.max(...byTag(rows).map(odds)))) : 0,
    breakInsAYear: guesses > 0 ? inAYear(odds(rows) - odds(typos)) : 0,
    people: traffic.tally(),
    victims,
  };
}

/** The expected number of break-ins for this many wrong guesses, each of which might have been right. */
function odds(rows: readonly Pick<LedgerRow, "codeLength" | "count">[]): number {
  return rows.reduce((chance, { codeLength, count }) => chance + count * 10 ** -codeLength, 0);
}

function sum(rows: readonly Pick<LedgerRow, "count">[]): number {
  return rows.reduce((all, { count }) => all + count, 0);
}

function byTag(rows: readonly LedgerRow[]): LedgerRow[][] {
  const tags = new Map<string, LedgerRow[]>();
  for (const row of rows) tags.set(row.tag, [...(tags.get(row.tag) ?? []), row]);
  return [...tags.values()];
}

/** The most messages of one group in any window of this length. */
function mostWithin(
  windowMs: number,
  sends: readonly AttackSend[],
  key: (send: AttackSend) => string,
): number {
  const windows = new Map<string, number[]>();
  let most = 0;
  for (const send of sends) {
    const times = windows.get(key(send)) ?? [];
    windows.set(key(send), times);
    times.push(send.at);
    while ((times[0] ?? 0) <= send.at - windowMs) times.shift();
    most = Math.max(most, times.length);
  }
  return most;
}

/** The bounds that a result breaks, in words; empty if protections hold. */
export function breaches({ attack, people, victims, ...result }: Result): string[] {
  const { refused = 0.01, ...bounds } = attack.bounds;
  const said: string[] = [];
  const hold = (what: string, value: number, most: number) => {
    if (value > most) said.push(`${attack.name}: ${what} ${value}, at most ${most}`);
  };
  const { rangeDay, phoneDay, messages, hour, oneNumberYear } = bounds;
  if (rangeDay !== undefined) hold("messages to a range in 24 hours", result.rangeDay, rangeDay);
  if (phoneDay !== undefined) hold("messages to a number in 24 hours", result.phoneDay, phoneDay);
  if (messages !== undefined) hold("messages", result.messages, messages);
  if (hour !== undefined) hold("yuan in an hour", result.hourYuan, hour);
  if (oneNumberYear !== undefined) hold("a number's chance in a year", result.oneNumberYear, oneNumberYear);
  hold("victims on known devices kept out", victims.asked - victims.signedIn, 0);
  hold("known devices refused", people.knownRefused, 0);
  hold("normal attempts refused", people.refused, Math.floor(people.attempts * refused));
  return said;
}

/** A caller with this address, who solves challenges if that pays. */
export function attackerAt(address: string, more: Partial<Caller> = {}): Caller {
  return { side: "attacker", address, solves: true, ...more };
}

/** The n-th address of a botnet, which has this many in each /24. */
export function botAddress(n: number, inNetwork = 1): string {
  const network = Math.floor(n / inNetwork);
  return `${20 + (network % 60)}.${Math.floor(network / 15_360) % 256}.${Math.floor(network / 60) % 256}.${1 + (n % inNetwork)}`;
}
