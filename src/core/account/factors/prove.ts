import type { Locale } from "../../locale.ts";
import type { Notices } from "../../notices/notices.ts";
import { admitKnownDevice, countGuess } from "../../protection/guesses.ts";
import type { Bucket } from "../../protection/limits/ports.ts";
import { ok, type Result, refuse } from "../../refusals.ts";
import type { Method } from "../../session/methods.ts";
import { type ConvertDeps, checkAndConvert } from "../../verification/check.ts";
import type { Client } from "../../verification/client.ts";
import { purposesGiving } from "../../verification/purpose.ts";
import type { User } from "../ports.ts";
import { checkAppCode } from "./app.ts";
import type { Evidence } from "./evidence.ts";
import { checkPasskey } from "./passkey.ts";
import type { FactorStore, PasskeySite, Passkeys, PasswordFactor, Totp } from "./ports.ts";
import { checkRecoveryCode } from "./recovery.ts";

export interface ProveDeps extends ConvertDeps {
  readonly factorStore: FactorStore;
  readonly totp: Totp;
  readonly passkeys: Passkeys;
  /** Absent if users have no passwords. */
  readonly passwords?: PasswordFactor;
  readonly notices: Pick<Notices, "draft" | "send">;
}

export interface ProveInput {
  readonly user: User;
  readonly evidence: Evidence;
  /** The methods that count here. Any other is refused as if it were wrong. */
  readonly methods: readonly Method[];
  readonly client: Client;
  readonly bucket: Bucket;
  /** The session or the sign-in that passkeys were asked for. */
  readonly boundTo: string;
  readonly site: PasskeySite;
  readonly locale: Locale;
}

export type ProveRefusal = "invalid_request" | "invalid_code" | "too_many_requests";

/**
 * Checks one factor that a person shows, and uses it up if it is right. Refused with `invalid_code` also if the user
 * does not have that factor, or if it does not count here.
 */
export async function proveFactor(deps: ProveDeps, input: ProveInput): Promise<Result<void, ProveRefusal>> {
  const { evidence, user, client, methods, bucket } = input;
  if (!methods.includes(evidence.by)) return refuse("invalid_code");
  if (evidence.by === "sms") return await checkOwnPhone(deps, input, evidence);
  const counted = await countGuess(deps, client.addressKey);
  const admitted = await admitKnownDevice(deps, counted, { bucket, phoneTag: user.phoneTag });
  if (!admitted.ok) return admitted;
  if (evidence.by === "pwd") {
    const { password } = evidence;
    return (await deps.passwords?.check({ userId: user.id, password })) ?? refuse("invalid_code");
  }
  if (evidence.by === "otp") return await checkAppCode(deps, input, evidence);
  if (evidence.by === "pop") return await checkPasskey(deps, input, evidence);
  return await checkRecoveryCode(deps, input, evidence);
}

async function checkOwnPhone(
  deps: ProveDeps,
  { user, client }: ProveInput,
  { verificationId, code }: { readonly verificationId: string; readonly code: string },
): Promise<Result<void, ProveRefusal>> {
  const own = { verificationId, code, client, purposes: purposesGiving("factor"), phoneTag: user.phoneTag };
  const checked = await checkAndConvert(deps, own);
  return checked.ok ? ok(undefined) : checked;
}
