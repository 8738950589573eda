import { DAY_MS, HOUR_MS } from "../time.ts";
import type { Learned } from "./learned.ts";
import { type LimitCaller, type SendCheck, sendCheck } from "./limits.ts";
import type { LimitCheck } from "./ports.ts";
import type { Traffic } from "./traffic.ts";

/** The first block; each further one lasts twice as long, at most as long as a message is looked back at. */
const BLOCK_MS = HOUR_MS;
/** After a block so many may try again; what is approved of them makes room. */
const PROBES = 2;
/** What the messages of one network can add to attack mode, however many they are. */
const NETWORK_SHARE = 0.05;

/**
 * What the guard looks at: the messages to strangers of the last 24 hours that no approval came of, those still on
 * their way included, those that the carrier reported as failed not. Every approval takes away its own and one older
 * message: where at least half are approved, nothing builds up.
 */
interface GuardRule {
  readonly name: string;
  /** What is counted together; a message without it is not counted here. */
  readonly subject: (traffic: Traffic) => string | undefined;
  /** How many there may be where nothing is known; what was learned about the subject may raise it. */
  readonly bound: number;
  /** Beyond this part of the bound strangers are challenged. */
  readonly challengesAt: number;
  /** Whether the bound blocks; where it does not, the worst that happens to a stranger is a challenge. */
  readonly blocks: boolean;
  /** Whether a single network can only add its share. */
  readonly isShared: boolean;
  /** Whether a network that people sign in from has its share of the budget (`shares.ts`) before it is blocked. */
  readonly yieldsToShare?: true;
}

/**
 * | rule             | together                          | challenged | blocked | why this much                          |
 * |------------------|-----------------------------------|------------|---------|----------------------------------------|
 * | `guard_address`  | one client address                | 10         | 20      | a family, an office                    |
 * | `guard_network`  | one /24 or /48                    | 30         | 60      | carrier NAT, a campus                  |
 * | `guard_range`    | one network to one prefix         | 5          | 10      | a quarter of a prefix: no single network blocks one |
 * | `guard_prefix`   | a number without its last four    | 20         | 40      | with 10 probes a day below 60          |
 * | `guard_country`  | one country                       | 300        | never   | attack mode; 20 networks at least      |
 * | `guard_total`    | everything                        | 900        | never   | attack mode; 20 networks at least      |
 */
const GUARD_RULES: readonly GuardRule[] = [
  {
    name: "guard_address",
    subject: ({ addressTag }) => addressTag && `address:${addressTag}`,
    bound: 20,
    challengesAt: 0.5,
    blocks: true,
    isShared: false,
    yieldsToShare: true,
  },
  {
    name: "guard_network",
    subject: ({ networkTag }) => networkTag && `network:${networkTag}`,
    bound: 60,
    challengesAt: 0.5,
    blocks: true,
    isShared: false,
    yieldsToShare: true,
  },
  {
    name: "guard_range",
    subject: ({ networkTag, prefixTag }) => networkTag && `range:${networkTag}:${prefixTag}`,
    bound: 10,
    challengesAt: 0.5,
    blocks: true,
    isShared: false,
  },
  {
    name: "guard_prefix",
    subject: ({ prefixTag }) => `prefix:${prefixTag}`,
    bound: 40,
    challengesAt: 0.5,
    blocks: true,
    isShared: false,
  },
  {
    name: "guard_country",
    subject: ({ country }) => `country:${country}`,
    bound: 300,
    challengesAt: 1,
    blocks: false,
    isShared: true,
  },
  {
    name: "guard_total",
    subject: () => "total",
    bound: 900,
    challengesAt: 1,
    blocks: false,
    isShared: true,
  },
];

/** `GUARD_MODE`. `record` counts and tells what `enforce` would have done. */
export type GuardMode = "enforce" | "record" | "off";

/** What the guard asks of a send. Known devices, and who is on the allow-list, are none of its business. */
export function guardChecks(mode: GuardMode, caller: LimitCaller, learned: Learned): SendCheck[] {
  if (mode === "off" || caller.bucket === "device" || caller.isTrusted) return [];
  const { traffic, standing } = caller;
  const checks: SendCheck[] = [];
  // `flatMap` takes four times as long.
  for (const rule of GUARD_RULES) checks.push(...ruleChecks(rule, traffic, learned));
  if (mode === "record") return checks.map(advisory);
  if (standing.name === "unsolved") return checks;
  // Whoever solved a challenge, or cannot solve one here, is still counted.
  return checks.map((check) => (check.asksCaptcha ? advisory(check) : check));
}

function advisory(check: SendCheck): SendCheck {
  return { ...check, asksCaptcha: undefined, advisory: true };
}

/** The keys on which a message counts as not approved. */
export function guardKeys(traffic: Traffic): string[] {
  const keys: string[] = [];
  for (const { subject, isShared } of GUARD_RULES) {
    const name = subject(traffic);
    const share = name && isShared ? shareKey(name, traffic) : undefined;
    if (name) keys.push(openKey(name));
    if (share) keys.push(share);
  }
  return keys;
}

/** The keys on which an approval takes one more message away: shares end with their own messages. */
export function forgivenKeys(traffic: Traffic): string[] {
  const keys: string[] = [];
  for (const { subject } of GUARD_RULES) {
    const name = subject(traffic);
    if (name) keys.push(openKey(name));
  }
  return keys;
}

/** Blocks first: whoever is blocked is not asked to solve a challenge for nothing. */
function ruleChecks(rule: GuardRule, traffic: Traffic, learned: Learned): SendCheck[] {
  const subject = rule.subject(traffic);
  if (!subject) return [];
  const { name, blocks, isShared, yieldsToShare } = rule;
  const bound = boundOf(rule, traffic, learned);
  const key = openKey(subject);
  const windows = [{ max: Math.ceil(bound * rule.challengesAt), windowMs: DAY_MS }];
  const inShare = yieldsToShare ? [] : undefined;
  const share = isShared ? shareOf(subject, traffic, bound) : undefined;
  const challenged = sendCheck(`${name}_challenge`, key, windows, {
    asksCaptcha: true,
    inShare,
    share,
  });
  if (!blocks) return [challenged];
  const backoff = { baseMs: BLOCK_MS, windowMs: DAY_MS, from: bound, every: PROBES };
  return [sendCheck(name, key, [], { backoff, inShare }), challenged];
}

/** A network's part of a prefix follows the prefix, so that it always takes several to block one. */
function boundOf(rule: GuardRule, traffic: Traffic, learned: Learned): number {
  if (rule.name === "guard_range") {
    const prefix = Math.max(4 * rule.bound, learned(`prefix:${traffic.prefixTag}`) ?? 0);
    return Math.floor(prefix / 4);
  }
  return Math.max(rule.bound, Math.floor(learned(rule.subject(traffic) ?? "") ?? 0));
}

function shareOf(subject: string, traffic: Traffic, bound: number): LimitCheck["share"] {
  const key = shareKey(subject, traffic);
  if (!key) return undefined;
  return { key, max: Math.max(1, Math.floor(bound * NETWORK_SHARE)), windowMs: DAY_MS };
}

function shareKey(subject: string, { networkTag }: Traffic): string | undefined {
  return networkTag && `${openKey(subject)}:${networkTag}`;
}

/** How many unapproved messages of this subject there may be where nothing is known; undefined for none of the guard's. */
export function openBound(subject: string): number | undefined {
  const [kind] = subject.split(":");
  return GUARD_RULES.find(({ name }) => name === `guard_${kind}`)?.bound;
}

function openKey(subject: string): string {
  return `open:${subject}`;
}
