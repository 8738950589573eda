import type { Config } from "../../config.ts";
import type { User } from "../../core/account/ports.ts";
import { eraseAccount } from "../../core/life/erase.ts";
import { exportAccount } from "../../core/life/export.ts";
import { exportBody } from "../../http/export-body.ts";
import { numberOf } from "./numbers.ts";
import { openRecords } from "./records.ts";

/** An operator's actions on one account. The audit trail records each of them, by the account's id. */
export interface AccountTools {
  /**
   * The account with this id, or with this phone in national or international form. Rejects if the text fits two
   * accounts: an imported id may read like somebody else's number. `id:` before an id means only the id, even if the
   * account has no number.
   */
  find(written: string): Promise<User | undefined>;
  /** Everything that is stored about the person, as the API hands it out; undefined if they are gone. */
  export(user: User): Promise<object | undefined>;
  /** Ends all of its sessions, and makes every device unknown. False if the account is already gone. */
  signOut(user: User): Promise<boolean>;
  /** False if it is already gone. */
  erase(user: User): Promise<boolean>;
  close(): Promise<void>;
}

const TWO_ACCOUNTS =
  "this is the id of one account and the phone number of another; write the number with + in front, or id: and the id";

/** Opens the database for work on accounts; servers may run beside it. Rejects if it is not up to date. */
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
