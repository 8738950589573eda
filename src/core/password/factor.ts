import type { PasswordFactor } from "../account/factors/ports.ts";
import type { User } from "../account/ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { DAY_MS } from "../time.ts";
import { type CompareDeps, comparePassword } from "./compare.ts";

/**
 * The password as a factor beside another one. Anybody who shows it has shown a code or a session before, so its
 * attempts count as those of known devices. Strangers who spent their own ledger do not keep the user out.
 */
export function createPasswordFactor(deps: CompareDeps): PasswordFactor {
  return {
    async of(userId) {
      const holder = await deps.passwordStore.find(userId);
      if (holder?.sealedHash === undefined) return undefined;
      return { sureFrom: sureFrom(holder.user) };
    },
    async check({ userId, password }) {
      const holder = await deps.passwordStore.find(userId);
      if (!holder) return refuse("invalid_code");
      const phone = await deps.vault.open(holder.user.sealedPhone, userId);
      const compared = await comparePassword(deps, { phone, password, bucket: "device" });
      return compared.ok ? ok(undefined) : refusalOf(compared.refusal.code);
    },
  };
}

/**
 * From when on a password counts beside a code by SMS. For a day after such a code has set it, it stands for the same
 * phone.
 */
function sureFrom({ passwordResetAt }: Pick<User, "passwordResetAt">): number {
  return passwordResetAt === undefined ? 0 : passwordResetAt + DAY_MS;
}

function refusalOf(code: string): Result<never, "invalid_code" | "too_many_requests"> {
  if (code === "code_required") return refuse("too_many_requests", { retryAfterSeconds: DAY_MS / 1_000 });
  return refuse("invalid_code");
}
