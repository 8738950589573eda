import type { Config } from "../../config.ts";
import type { User } from "../../core/account/ports.ts";
import { eraseAccount } from "../../core/life/erase.ts";
import { exportAccount } from "../../core/life/export.ts";
import { exportBody } from "../../http/export-body.ts";
import { numberOf } from "./numbers.ts";
import { openRecords } from "./records.ts";

/** What operators do with one account: each of it is in the audit trail, by the account's id. */
export interface AccountTools {
  /**
   * The account with this id, or with this phone as a person writes it. Rejects where these are two: an id that came with an
   * import may read like somebody else's number. `id:` before an id names it alone, also where the account has no number.
   */
  find(written: string): Promise<User | undefined>;
  /** Everything that is kept about the person, as the API hands it out; undefined where they are gone. */
  export(user: User): Promise<object | undefined>;
  /** Ends all of its sessions, and makes every device unknown. False where it is gone already. */
  signOut(user: User): Promise<boolean>;
  /** False where it is gone already. */
  erase(user: User): Promise<boolean>;
  close(): Promise<void>;
}

const TWO_ACCOUNTS =
  "this is the id of one account and the phone number of another; write the number with + in front, or id: and the id";

/** Opens the database for work on accounts; servers may run beside it. Rejects where it is not up to date. */
export async function accountTools(config: Config): Promise<AccountTools> {
  const { stores, vault, clock, random, close } = await openRecords(config);
  const deps = { ...stores, vault, clock, random, onErased: () => {} };
  return {
    async find(written) {
      const byId = await stores.users.find(written.replace(/^id:/, ""));
      const phone = numberOf(config, written);
      const byPhone = phone && (await stores.users.findByTag(await vault.tag(phone)));
      if (byId && byPhone && byId.id !== byPhone.id) throw new Error(TWO_ACCOUNTS);
      return byId ?? byPhone;
    },
    async export(user) {
      const exported = await exportAccount(deps, user, "operator");
      return exported && exportBody(exported);
    },
    signOut: ({ id }) => stores.sessions.endAll(id, clock.now(), "operator"),
    erase: (user) => eraseAccount(deps, user, { by: "operator" }),
    close,
  };
}
