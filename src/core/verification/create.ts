import type { Locale } from "../locale.ts";
import type { Phone } from "../phone.ts";
import type { LimitCaller } from "../protection/limits/send-limit.ts";
import { type Ask, sealAsk } from "./ask.ts";
import { PASSWORD_LENGTH } from "./code.ts";
import type { VerificationDeps } from "./deps.ts";
import type { HashedKey } from "./idempotency.ts";
import type { Verification } from "./ports.ts";
import { type Purpose, ruleOf } from "./purpose.ts";
import type { TestNumber } from "./test-numbers.ts";
import { mostLifeMs } from "./verification.ts";

/** A start that was admitted, before it is counted and before anything is kept. */
export interface NewVerification {
  readonly caller: LimitCaller;
  readonly purpose: Purpose;
  readonly locale: Locale;
  readonly phone: Phone;
  /** The phone's tags under all keys that are kept; the first one is the caller's `phoneTag`. */
  readonly phoneTags: readonly [string, ...string[]];
  readonly ask: Ask;
  /** The hash of the browser's pre-session, at the pages. */
  readonly browser: string | undefined;
  readonly testNumber: TestNumber | undefined;
  readonly idempotency: HashedKey | undefined;
}

/** What the ledger and the limits granted a start. */
export interface Granted {
  readonly codeLength: number;
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly resendAt: number;
  /** Takes back what was counted for the send. To be called if nothing was sent. */
  readonly takeBack: () => Promise<void>;
}

/** Keeps a new verification. Resolves with it once it is in the store; `now` is its start, epoch milliseconds. */
export async function createVerification(
  deps: VerificationDeps,
  input: NewVerification,
  id: string,
  granted: Granted,
  now: number,
): Promise<Verification> {
  const { purpose, browser } = input;
  const { phoneTag, bucket, traffic, holder, backend } = input.caller;
  const verification: Verification = {
    id,
    purpose,
    phoneTag,
    sealedPhone: await deps.vault.seal(input.phone, id),
    codeKeyId: (await deps.keyring.current("code")).id,
    attemptsAllowed: granted.attempts,
    attemptsUsed: 0,
    outcome: "open",
    bucket,
    locale: input.locale,
    createdAt: now,
    expiresAt: now + Math.min(deps.settings.codeTtlMs, mostLifeMs(purpose)),
    messages: 1,
    resendAt: granted.resendAt,
    ...codeFormOf(deps, purpose, granted.codeLength),
    // Nothing is sent to a test number, so its approval says nothing of a prefix or an address.
    ...(!input.testNumber && { traffic }),
    ...(holder && { holder }),
    ...(browser && { browser }),
    ...(await sealAsk(deps.vault, id, backend, input.ask)),
  };
  await deps.verifications.create(verification);
  return verification;
}

/**
 * A temporary password is as strong as every sender can carry: letters if all of them carry text, otherwise as many
 * digits as all of them carry. The ledger granted guesses at a code of `grantedLength`, and counts wrong ones under
 * that length however long the password is: a ledger that is not spent does not count longer ones.
 */
function codeFormOf(
  { route, settings }: Pick<VerificationDeps, "route" | "settings">,
  purpose: Purpose,
  grantedLength: number,
): Pick<Verification, "codeLength" | "grantedLength"> {
  if (!ruleOf(purpose).isPassword) return { codeLength: grantedLength };
  const carriesText = route.every((sender) => !sender.templatesOnly);
  const codeLength = carriesText ? PASSWORD_LENGTH : Math.max(grantedLength, settings.codeLengths.most);
  return { codeLength, grantedLength };
}
