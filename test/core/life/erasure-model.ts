import fc from "fast-check";
import { DAY, MINUTE } from "../times.ts";

/** What people, carriers and operators do, by the number that it is about. */
export type Step =
  | { readonly do: Deed; readonly number: number }
  | { readonly do: "reply"; readonly number: number; readonly text: string }
  | { readonly do: "move"; readonly number: number; readonly to: number }
  /** `sending`: whether a message to the number is with its sender meanwhile. */
  | { readonly do: "erase"; readonly number: number; readonly sending: boolean }
  | { readonly do: "wait"; readonly ms: number };

const DEEDS = ["signIn", "guessWrong", "prove", "setPassword", "addFactors", "invite", "unlock"] as const;
export type Deed = (typeof DEEDS)[number];

/** Most steps are about the first of three numbers. */
const number = fc.constantFrom(0, 0, 0, 0, 1, 2);
const one = <T extends string>(name: T) => fc.constant(name);

export const anySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: one("signIn"), number }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constantFrom(...DEEDS), number }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: one("reply"), number, text: fc.constantFrom("hello", "STOP") }),
    },
    { weight: 3, arbitrary: fc.record({ do: one("move"), number, to: number }) },
    { weight: 4, arbitrary: fc.record({ do: one("erase"), number, sending: fc.boolean() }) },
    {
      weight: 6,
      arbitrary: fc.record({
        do: one("wait"),
        ms: fc.constantFrom(MINUTE, DAY, 16 * DAY, 16 * DAY, 32 * DAY),
      }),
    },
  ),
  { minLength: 10, maxLength: 25, size: "max" },
);

/** An account as its person knows it. */
export interface Account {
  readonly userId: string;
  /** Their name, what they call their factors, and their browser. */
  readonly mark: string;
  readonly accessTokens: string[];
  /** Since when it has its number. */
  since: number;
  movesTo?: { readonly number: number; readonly dueAt: number } | undefined;
}

/** Something that is kept under a number's tag; of an account that was erased it is blank. */
export interface Kept {
  readonly at: number;
  isBlank: boolean;
}

/** All that is known of one number. */
export interface Known {
  readonly phone: string;
  account?: Account | undefined;
  messages: Kept[];
  replies: (Kept & { readonly text: string })[];
  unlocks: Kept[];
  optOut?: Kept | undefined;
  /** Wrong guesses and unlocks in the ledger. */
  failures: number;
  erasures: number[];
}

export type Model = readonly Known[];

export const newModel = (phones: readonly string[]): Model =>
  phones.map((phone) => {
    const kept = { messages: [], replies: [], unlocks: [], erasures: [] };
    return { phone, ...kept, failures: 0 };
  });

/** How long what counts against a number stays. */
export const KEPT = 31 * DAY;

/** The account goes with all that names its person; what counts against the number stays, without the number. */
export function erase(known: Known, at: number): void {
  known.account = undefined;
  known.replies = [];
  for (const kept of [...known.messages, ...known.unlocks, ...(known.optOut ? [known.optOut] : [])]) {
    kept.isBlank = true;
  }
  known.erasures.push(at);
}

/** Removes what each erasure left, once it was kept for its time. */
export function sweep(known: Known, now: number): void {
  for (const at of known.erasures.filter((erasure) => erasure < now - KEPT)) {
    const stays = (kept: Kept) => !kept.isBlank || kept.at > at + MINUTE;
    known.messages = known.messages.filter(stays);
    known.unlocks = known.unlocks.filter(stays);
    if (known.optOut && !stays(known.optOut)) known.optOut = undefined;
  }
  known.erasures = known.erasures.filter((erasure) => erasure >= now - KEPT);
}

/** Moves the accounts whose time has come to numbers that nobody has meanwhile. */
export function moveDue(model: Model, now: number): void {
  const dueAt = ({ account }: Known) => account?.movesTo?.dueAt ?? Number.POSITIVE_INFINITY;
  for (const from of model.toSorted((a, b) => dueAt(a) - dueAt(b))) {
    const to = now >= dueAt(from) ? model[from.account?.movesTo?.number ?? -1] : undefined;
    if (!from.account || !to) continue;
    from.account.movesTo = undefined;
    if (to.account) continue;
    to.account = from.account;
    to.account.since = now;
    from.account = undefined;
  }
}
