import type { Config } from "../../config.ts";
import { invite, type ListedInvitation, listInvitations, uninvite } from "../../core/account/invite.ts";
import type { Phone } from "../../core/phone.ts";
import { openRecords } from "./records.ts";

/** What `phonekey users invite` works with. */
export interface InvitationTools {
  add(phone: Phone): Promise<boolean>;
  remove(phone: Phone): Promise<boolean>;
  list(): AsyncIterable<ListedInvitation>;
  close(): Promise<void>;
}

/** Opens the database for invitations; servers may run beside it. Rejects if it is not up to date. */
export async function invitationTools(config: Config): Promise<InvitationTools> {
  const { stores, close, ...parts } = await openRecords(config);
  const deps = { invitations: stores.invitations, ...parts };
  return {
    add: (phone) => invite(deps, phone),
    remove: (phone) => uninvite(deps, phone),
    list: () => listInvitations(deps),
    close,
  };
}
