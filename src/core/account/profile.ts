import { maskPhone, type Phone } from "../phone.ts";
import type { Clock } from "../ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { PhoneVault } from "../vault.ts";
import { AVATARS, type User, type UserStore } from "./ports.ts";

/** A user as the user may see it. */
export interface Profile {
  readonly id: string;
  /** E.164, in full: it is the user's own. */
  readonly phone: Phone;
  readonly maskedPhone: string;
  readonly name: string;
  readonly avatar: number;
  readonly hasPassword: boolean;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export interface ProfileDeps {
  readonly users: UserStore;
  readonly vault: PhoneVault;
  readonly clock: Clock;
}

/** @param known the user's number, if a code for it was just right: then it need not be decrypted */
export async function readProfile(
  deps: Pick<ProfileDeps, "vault">,
  user: User,
  known?: Phone,
): Promise<Profile> {
  const phone = known ?? (await deps.vault.open(user.sealedPhone, user.id));
  const { id, name, avatar, createdAt } = user;
  const hasPassword = user.passwordSetAt !== undefined;
  return { id, phone, maskedPhone: maskPhone(phone), name, avatar, hasPassword, createdAt };
}

export const NAME_RULE = "must be 1 to 64 characters without control, invisible or bidirectional ones";
export const AVATAR_RULE = `must be a whole number from 1 to ${AVATARS}`;

export interface ProfileChange {
  readonly name?: string;
  readonly avatar?: number;
}

/** Changes name or avatar. A name is 1 to 64 characters without control or bidi characters, kept as sent. */
export async function updateProfile(
  deps: ProfileDeps,
  userId: string,
  change: ProfileChange,
): Promise<Result<Profile, "invalid_request" | "invalid_token">> {
  if (change.name !== undefined && !isName(change.name)) {
    return refuse("invalid_request", {
      field: "name",
      detail: NAME_RULE,
    });
  }
  if (change.avatar !== undefined && !isAvatar(change.avatar)) {
    return refuse("invalid_request", {
      field: "avatar",
      detail: AVATAR_RULE,
    });
  }
  const user = await deps.users.update(userId, change, deps.clock.now());
  return user ? ok(await readProfile(deps, user)) : refuse("invalid_token");
}

/**
 * Control characters, lone surrogates and separators break logs and pages. Bidi and other format characters make a name
 * read as something else (UTS #39). The zero-width joiner and non-joiner are allowed, since emoji and several scripts
 * need them, but not alone: a name must be visible.
 */
export function isName(name: string): boolean {
  const length = [...name].length;
  const seen = name.replace(/[\u200c\u200d]/g, "");
  if (length < 1 || length > 64 || seen.trim() === "") return false;
  // Lone surrogates on both sides of a joiner would be a pair without it.
  return !/\p{Cs}/u.test(name) && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(seen);
}

export function isAvatar(avatar: number): boolean {
  return Number.isInteger(avatar) && avatar >= 1 && avatar <= AVATARS;
}
