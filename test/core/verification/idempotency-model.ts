import fc from "fast-check";
import type { Purpose } from "../../../src/core/verification/purpose.ts";
import type { VerificationView } from "../../../src/core/verification/verification.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../times.ts";

/** Who may start something, and for what. */
export const CALLERS: readonly { readonly purpose: Purpose; readonly backend?: "shop" | "bank" }[] = [
  { purpose: "sign_in" },
  { purpose: "reset_password" },
  { purpose: "sign_in", backend: "shop" },
  { purpose: "verify_identity", backend: "shop" },
  { purpose: "verify_identity", backend: "bank" },
];

/** What the sender says of a message, and the refusal that its request gets; undefined if it is a success. */
export const FATES = {
  accepted: undefined,
  unknown: undefined,
  rejected: "sms_unavailable",
  bad_number: "phone_unreachable",
  throttled: "too_many_requests",
} as const;

/**
 * Where the process dies: before the verification is kept or noted as sent again, once the message is written, once it is
 * sent, or once all is done but the answer.
 */
export type Crash = "counted" | "written" | "sent" | "done";

/** What becomes of a request's message, if it gets so far; so many such requests come at once. */
export interface Luck {
  readonly fate: keyof typeof FATES;
  readonly crash?: Crash;
  readonly times: number;
}

interface Start {
  readonly do: "start";
  readonly caller: number;
  readonly phone: number;
  readonly key: number;
  readonly body: number;
}

/** What anybody may do; `nth` picks one of the requests or verifications so far, the last first. */
export type Step =
  | (Start & { readonly luck: Luck })
  | {
      readonly do: "resend";
      readonly nth: number;
      readonly key: number;
      readonly body: number;
      readonly luck: Luck;
    }
  | { readonly do: "repeat"; readonly nth: number; readonly other: Partial<Start>; readonly luck: Luck }
  | { readonly do: "guess"; readonly nth: number; readonly right: boolean }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "restart" };

const one = <T extends string>(name: T) => fc.constant(name);
const nth = fc.nat({ max: 3 });
const key = fc.nat({ max: 2 });
const body = fc.nat({ max: 1 });
const caller = fc.nat({ max: CALLERS.length - 1 });
const phone = fc.nat({ max: 1 });

const fate = fc.constantFrom(
  ...(["accepted", "accepted", "unknown", "rejected", "bad_number", "throttled"] as const),
);
const crash = fc.constantFrom(...(["counted", "written", "sent", "done"] as const));
const luck: fc.Arbitrary<Luck> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ fate, times: fc.constantFrom(1, 1, 3) }) },
  { weight: 1, arbitrary: fc.record({ fate, crash, times: fc.constant(1) }) },
);

const other: fc.Arbitrary<Partial<Start>> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({}) },
  fc.record({ body }),
  fc.record({ key }),
  fc.record({ caller }),
  fc.record({ phone }),
);

export const anySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: one("start"), caller, phone, key, body, luck }) },
    { weight: 3, arbitrary: fc.record({ do: one("resend"), nth, key, body, luck }) },
    { weight: 12, arbitrary: fc.record({ do: one("repeat"), nth, other, luck }) },
    { weight: 3, arbitrary: fc.record({ do: one("guess"), nth, right: fc.boolean() }) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: one("wait"),
        ms: fc.constantFrom(SECOND, MINUTE - 1, MINUTE, 5 * MINUTE, HOUR, HOUR, DAY - 1, DAY),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: one("restart") }) },
  ),
  { minLength: 10, maxLength: 40, size: "max" },
);

/** One verification, as its starter knows it. */
export interface Life {
  readonly id: string;
  readonly code: string;
  readonly createdAt: number;
  readonly caller: number;
  readonly phone: number;
  expiresAt: number;
  hasEnded: boolean;
}

/** A request as it comes in. */
export type Request =
  | Start
  | { readonly do: "resend"; readonly life: Life; readonly key: number; readonly body: number };

export type Answer = VerificationView | string;

/** What a key is bound to by the first request that a message was written for. */
export interface Bound {
  readonly text: string;
  readonly at: number;
  /** How long the request counts as running: its process died before it knew what became of the message. */
  readonly runsUntil: number;
  /** Absent until the request was answered. */
  answer?: Answer;
}

/** Two phones and three keys, as the design describes what happens to them. */
export interface Model {
  readonly phones: readonly string[];
  /** The last first. */
  readonly requests: Request[];
  readonly lives: Life[];
  readonly bound: Map<string, Bound>;
  /** Until when a request that left no message counts as running. */
  readonly running: Map<string, number>;
  sends: { readonly phone: number; readonly at: number; readonly isWritten: boolean }[];
  wrongGuesses: number;
}

export function newModel(phones: readonly string[]): Model {
  return {
    phones,
    requests: [],
    lives: [],
    bound: new Map(),
    running: new Map(),
    sends: [],
    wrongGuesses: 0,
  };
}

/** The most messages that a phone gets in an hour. */
export const MOST_SENDS = 3;
/** With these beside its open codes, a phone still has guesses. */
export const MOST_WRONG_GUESSES = 5;

export const isAlive = (life: Life, now: number): boolean => !life.hasEnded && now < life.expiresAt;

/** When a code expires whose last message went out at `sentAt`. */
export const expiryOf = (createdAt: number, sentAt: number): number =>
  Math.min(createdAt + 10 * MINUTE, sentAt + 5 * MINUTE);

/** Whose phone a request is about, and who started it. */
export const subjectOf = (request: Request) => (request.do === "start" ? request : request.life);

/** What a key belongs to: a phone, a purpose and a backend; those of a resend are its verification's. */
function slotOf(request: Request): string {
  const { caller, phone } = subjectOf(request);
  return JSON.stringify([phone, CALLERS[caller], request.key]);
}

/** What a key is bound to: all that was asked for, as one text. */
export function textOf(request: Request): string {
  const { do: what, body } = request;
  return JSON.stringify(what === "start" ? [what, request.caller, body] : [what, request.life.id, body]);
}

export function requestOf(step: Step, { requests, lives }: Model): Request | undefined {
  if (step.do === "start") return step;
  if (step.do === "resend") {
    const life = lives[step.nth];
    return life && { do: "resend", life, key: step.key, body: step.body };
  }
  const earlier = step.do === "repeat" ? requests[step.nth] : undefined;
  return earlier && step.do === "repeat" ? ({ ...earlier, ...step.other } as Request) : undefined;
}

/** What a request gets: a refusal, what the first one with its key got, or a message of its own. */
export function expected(model: Model, request: Request, now: number): string | Bound | "sends" {
  const slot = slotOf(request);
  const bound = model.bound.get(slot);
  if (bound && now < bound.at + DAY) {
    if (bound.text !== textOf(request)) return "idempotency_key_reused";
    return now < bound.runsUntil ? "idempotency_in_progress" : bound;
  }
  if (request.do === "resend" && !isAlive(request.life, now)) return "not_found";
  if (now < (model.running.get(slot) ?? 0)) return "idempotency_in_progress";
  const { phone } = subjectOf(request);
  const recent = model.sends.filter((send) => send.phone === phone && now < send.at + HOUR);
  return recent.length < MOST_SENDS ? "sends" : "too_many_requests";
}

/** Notes a message of the request's own; what its key is bound to then, if it is. */
export function noteSend(
  model: Model,
  request: Request,
  { fate, crash }: Pick<Luck, "fate" | "crash">,
  at: number,
): Bound | undefined {
  const isWritten = crash !== "counted";
  model.sends.push({ phone: subjectOf(request).phone, at, isWritten });
  if (!isWritten) {
    model.running.set(slotOf(request), at + MINUTE);
    return undefined;
  }
  if (request.do === "resend") {
    request.life.expiresAt = expiryOf(request.life.createdAt, at);
  }
  const isCut = crash === "written" || crash === "sent";
  const refusal = isCut ? undefined : FATES[fate];
  const runsUntil = isCut ? at + MINUTE : at;
  const bound = { text: textOf(request), at, runsUntil, ...(refusal && { answer: refusal }) };
  model.bound.set(slotOf(request), bound);
  return bound;
}

/** Verifications and limits may die with a lost state; what is written of messages may not. */
export function loseState(model: Model): void {
  for (const life of model.lives) life.hasEnded = true;
  model.running.clear();
  model.sends = model.sends.filter(({ isWritten }) => isWritten);
}
