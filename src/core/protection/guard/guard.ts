import { DAY_MS, HOUR_MS } from "../../time.ts";
import type { Limit } from "../limits/ports.ts";
import { type LimitCaller, type SendLimit, sendLimit } from "../limits/send-limit.ts";
import type { Traffic } from "../traffic.ts";
import type { AllowList } from "./allow.ts";
import type { Learned } from "./learned.ts";

/** The first block. Each further block lasts twice as long, but none longer than the guard looks back. */
const BLOCK_MS = HOUR_MS;
/** After a block this many messages may go out; those that are approved make room for more. */
const PROBES = 2;
/** The least number of networks that it takes to block a prefix. */
const NETWORKS_A_PREFIX = 4;
/** Strangers are challenged from this part of a blocking bound on. */
const CHALLENGED_PART = 0.5;
/** The most that one network can add towards attack mode, as a part of its bound. */
const NETWORK_PART = 0.05;

/**
 * A rule of the guard. It counts the messages to strangers of the last 24 hours that were not approved. Messages still
 * under way count; those that the carrier reported as failed do not. Every approval takes away its own message and one
 * older one, so nothing builds up if at least half are approved.
 */
interface GuardRule {
  readonly name: string;
  /** The key under which messages count together. A message without this key does not count here. */
  readonly subject: (traffic: Traffic) => string | undefined;
  /** How many there may be before strangers are blocked. What was learned about the subject may raise this. */
  readonly bound: number;
  /**
   * Whether strangers are challenged beyond the bound and never blocked. Then no single network can bring that about.
   */
  readonly isAttackMode?: true;
  /** Whether a blocked network may go on with its share of the budget (`shares.ts`), if people sign in from it. */
  readonly yieldsToShare?: true;
}

/** The guard's rules: what counts together, and why the bound is what it is. */
const GUARD_RULES: readonly GuardRule[] = [
  /** One client address: a family, an office. */
  {
    name: "guard_address",
    subject: ({ addressTag }) => addressTag && `address:${addressTag}`,
    bound: 20,
    yieldsToShare: true,
  },
  /** One /24 or /48: carrier NAT, a campus. */
  {
    name: "guard_network",
    subject: ({ networkTag }) => networkTag && `network:${networkTag}`,
    bound: 60,
    yieldsToShare: true,
  },
  /** One network to one prefix: a quarter of what a prefix has, so that no single network blocks a prefix. */
  {
    name: "guard_range",
    subject: ({ networkTag, prefixTag }) => networkTag && `range:${networkTag}:${prefixTag}`,
    bound: 10,
  },
  /** A number without its last four digits: with 10 probes a day, below 60. */
  {
    name: "guard_prefix",
    subject: ({ prefixTag }) => `prefix:${prefixTag}`,
    bound: 40,
  },
  /** One country, which takes 20 networks at least. */
  {
    name: "guard_country",
    subject: ({ country }) => `country:${country}`,
    bound: 300,
    isAttackMode: true,
  },
  /** Everything, which takes 20 networks at least. */
  {
    name: "guard_total",
    subject: () => "total",
    bound: 900,
    isAttackMode: true,
  },
];

/** `GUARD_MODE`. `record` only counts, and tells what `enforce` would have done. */
export type GuardMode = "enforce" | "record" | "off";

export interface GuardSettings {
  readonly mode: GuardMode;
  readonly allow: AllowList;
}

/** The guard's limits on a send: none for known devices and for callers on the allow-list. */
export function guardLimits(mode: GuardMode, caller: LimitCaller, learned: Learned): SendLimit[] {
  if (mode === "off" || caller.bucket === "device" || caller.isTrusted) return [];
  const { traffic, standing } = caller;
  const limits: SendLimit[] = [];
  // A loop, since every start runs this and `flatMap` takes four times as long.
  for (const rule of GUARD_RULES) limits.push(...ruleLimits(rule, traffic, learned));
  if (mode === "record") return limits.map(advisory);
  if (standing.name === "unsolved") return limits;
  // A caller who solved a challenge, or cannot solve one here, counts but is not challenged.
  return limits.map((limit) => (limit.asksCaptcha ? advisory(limit) : limit));
}

function advisory(limit: SendLimit): SendLimit {
  return { ...limit, asksCaptcha: undefined, advisory: true };
}

/** The keys on which a message counts as not approved. */
export function guardKeys(traffic: Traffic): string[] {
  const keys: string[] = [];
  for (const { subject, isAttackMode } of GUARD_RULES) {
    const name = subject(traffic);
    const part = name && isAttackMode ? partKey(name, traffic) : undefined;
    if (name) keys.push(openKey(name));
    if (part) keys.push(part);
  }
  return keys;
}

/** The keys on which an approval takes away one older message. A network's part of a bound loses only its own messages. */
export function forgivenKeys(traffic: Traffic): string[] {
  const keys: string[] = [];
  for (const { subject } of GUARD_RULES) {
    const name = subject(traffic);
    if (name) keys.push(openKey(name));
  }
  return keys;
}

/**
 * The limits of one rule. The block comes before the challenge, so that a blocked caller does not solve one in vain.
 */
function ruleLimits(rule: GuardRule, traffic: Traffic, learned: Learned): SendLimit[] {
  const subject = rule.subject(traffic);
  if (!subject) return [];
  const { name, isAttackMode, yieldsToShare } = rule;
  const bound = boundOf(rule, traffic, learned);
  const key = openKey(subject);
  const challengedFrom = isAttackMode ? bound : Math.ceil(bound * CHALLENGED_PART);
  const inShare = yieldsToShare ? [] : undefined;
  const part = isAttackMode ? partOf(subject, traffic, bound) : undefined;
  const windows = [{ max: challengedFrom, windowMs: DAY_MS }];
  const challenged = sendLimit(`${name}_challenge`, key, windows, {
    asksCaptcha: true,
    isShared: true,
    inShare,
    part,
  });
  if (isAttackMode) return [challenged];
  const backoff = { baseMs: BLOCK_MS, windowMs: DAY_MS, from: bound, every: PROBES };
  return [sendLimit(name, key, [], { backoff, isShared: true, inShare }), challenged];
}

/**
 * The bound now. The bound of one network in a prefix follows the prefix's bound, so that it always takes several
 * networks to block a prefix.
 */
function boundOf(rule: GuardRule, traffic: Traffic, learned: Learned): number {
  if (rule.name === "guard_range") {
    const prefix = Math.max(NETWORKS_A_PREFIX * rule.bound, learned(`prefix:${traffic.prefixTag}`) ?? 0);
    return Math.floor(prefix / NETWORKS_A_PREFIX);
  }
  return Math.max(rule.bound, Math.floor(learned(rule.subject(traffic) ?? "") ?? 0));
}

function partOf(subject: string, traffic: Traffic, bound: number): Limit["part"] {
  const key = partKey(subject, traffic);
  if (!key) return undefined;
  return { key, max: Math.max(1, Math.floor(bound * NETWORK_PART)), windowMs: DAY_MS };
}

function partKey(subject: string, { networkTag }: Traffic): string | undefined {
  return networkTag && `${openKey(subject)}:${networkTag}`;
}

/** The bound on unapproved messages of this subject if nothing was learned; undefined if no rule counts the subject. */
export function openBound(subject: string): number | undefined {
  const [kind] = subject.split(":");
  return GUARD_RULES.find(({ name }) => name === `guard_${kind}`)?.bound;
}

function openKey(subject: string): string {
  return `open:${subject}`;
}
