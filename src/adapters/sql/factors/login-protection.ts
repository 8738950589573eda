import type { FactorStore, Protect } from "../../../core/account/factors/ports.ts";
import { endOtherSessionsOf } from "../account/session-ends.ts";
import { voidDevices } from "../account/user-rows.ts";
import type { SqlDatabase } from "../database.ts";
import { addEvents } from "../events.ts";
import { listFactors, lockChanger, tell } from "./changes.ts";

export function loginProtection({
  transaction,
}: Pick<SqlDatabase, "transaction">): Pick<FactorStore, "protect" | "unprotect"> {
  return {
    protect: ({ when, ...changer }: Protect, now) =>
      transaction(async (trx) => {
        const { userId, sessionId } = changer;
        const user = await lockChanger(trx, changer, now);
        if (!user) return "ended";
        const hasPassword = user.password_set_at !== null;
        if (!hasPassword && (await listFactors(trx, userId)).length === 0) return "missing";
        const set = { login_protection: when, updated_at: now };
        await trx.updateTable("users").set(set).where("id", "=", userId).execute();
        await voidDevices(trx, userId, now);
        await endOtherSessionsOf(trx, userId, sessionId, now);
        await addEvents(trx, { type: "protection_on", userId, sessionId, at: now });
        return "protected";
      }),

    unprotect: (changer, notice) =>
      transaction(async (trx) => {
        const at = notice.createdAt;
        const user = await lockChanger(trx, changer, at);
        if (!user) return "ended";
        if (!user.login_protection) return "unprotected";
        const set = { login_protection: null, updated_at: at };
        await trx.updateTable("users").set(set).where("id", "=", changer.userId).execute();
        await tell(trx, "protection_off", notice);
        return "unprotected";
      }),
  };
}
