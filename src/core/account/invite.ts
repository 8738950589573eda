import { maskPhone, type Phone } from "../phone.ts";
import type { Clock, Random } from "../ports.ts";
import type { PhoneVault } from "../vault.ts";
import type { InvitationStore } from "./invitation-ports.ts";

export interface InviteDeps {
  readonly invitations: InvitationStore;
  readonly vault: PhoneVault;
  readonly clock: Clock;
  readonly random: Random;
}

/** An invitation as an operator may see it. */
export interface ListedInvitation {
  /** Masked. */
  readonly phone: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

const PAGE = 500;

/** Lets this phone sign up while signing up takes an invitation. False if it is invited already. */
export async function invite(
  { invitations, vault, clock, random }: InviteDeps,
  phone: Phone,
): Promise<boolean> {
  const at = clock.now();
  const id = random.uuid(at);
  const phoneTag = await vault.tag(phone);
  return await invitations.add({ id, phoneTag, sealedPhone: await vault.seal(phone, id), at });
}

/** Takes the invitation back; an account that was made by then stays. False if there is none. */
export async function uninvite({ invitations, vault }: InviteDeps, phone: Phone): Promise<boolean> {
  return await invitations.remove(await vault.tags(phone));
}

/** All invitations that nobody has used yet, oldest first. */
export async function* listInvitations({ invitations, vault }: InviteDeps): AsyncIterable<ListedInvitation> {
  let after = "";
  for (;;) {
    const page = await invitations.page(after, PAGE);
    for (const { id, sealedPhone, at } of page)
      yield { phone: maskPhone(await vault.open(sealedPhone, id)), at };
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.id;
  }
}
