import type { UserStore } from "../../../core/account/ports.ts";
import { asksSecondFactor } from "../../../core/session/login-protection.ts";
import type { SqlDatabase } from "../database.ts";
import { addEvents } from "../events.ts";
import type { TagKey } from "../keys/tag-key.ts";
import { sessionValues, userOf } from "./account-rows.ts";
import { noteUse } from "./last-use.ts";
import { isReleased } from "./recycled.ts";
import { isThere } from "./session-ends.ts";
import { hasStill, lockUser } from "./user-rows.ts";

/** `UserStore.enter`. It locks the user's row first, so that only one of several callers opens the same session. */
export function createEnter({ transaction }: SqlDatabase, tagKey: TagKey): UserStore["enter"] {
  return ({ session, phoneTag, knownEpoch, epoch }) =>
    transaction(async (trx) => {
      const row = await lockUser(trx, session.userId);
      if (!row || isReleased(row) || (await isThere(trx, session.id))) return undefined;
      if (phoneTag !== undefined && !(await hasStill(trx, tagKey, row, phoneTag))) return undefined;
      const user = userOf(row);
      if (epoch !== undefined && user.deviceEpoch !== epoch) return undefined;
      if (asksSecondFactor(user, session, knownEpoch)) return { user, opened: false };
      await trx.insertInto("sessions").values(sessionValues(session)).execute();
      const { userId, id: sessionId, createdAt: at } = session;
      await noteUse(trx, [userId], at);
      await addEvents(trx, { type: "sign_in", userId, sessionId, at });
      return { user, opened: true };
    });
}
