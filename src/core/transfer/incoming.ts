import { PhoneNumber } from "libphonenumber-js/max";
import { avatarOf } from "../account/avatar.ts";
import type { User } from "../account/ports.ts";
import type { Phone } from "../phone.ts";
import type { Clock, Random } from "../ports.ts";
import { ok, type Refusal, type RefusalCode, type Result, refuse } from "../refusals.ts";
import { MINUTE_MS } from "../time.ts";
import type { PhoneVault } from "../vault.ts";

/** A user on the way in, read and checked. Nothing of it is proven. */
export interface IncomingUser {
  /** The one that the user had elsewhere; absent, the user gets a new one. */
  readonly id?: string;
  readonly phone: Phone;
  /** Empty, or as `isName` has it. */
  readonly name: string;
  readonly avatar?: number;
  /** Epoch milliseconds; absent, the time of the import. */
  readonly createdAt?: number;
}

/** What one place of a source holds. */
export interface Incoming {
  /** Where it stands, for the operator: `line 12`, `userId 7`. Never a value that may be a phone. */
  readonly place: string;
  readonly user: Result<IncomingUser, RefusalCode>;
  /** What could not be taken as it was, though the user can. */
  readonly notes?: readonly Refusal[];
}

/** What fits `users.id` and can stand in a token, a log or a URL as it is. Those that nanoid makes may begin with `_` or `-`. */
const ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/;

export function isUserId(id: unknown): id is string {
  return typeof id === "string" && ID.test(id);
}

/** Ids stand in logs and tokens, so none may be the user's own number (promise 4; ASVS 10.3.3). */
export function readId(id: unknown, phone: Phone): Result<string, "invalid_request"> {
  if (!isUserId(id)) {
    return refuse("invalid_request", {
      field: "id",
      detail: "must be 1 to 64 letters, digits, dots, hyphens or underscores, with no dot in front",
    });
  }
  const { nationalNumber } = new PhoneNumber(phone);
  if (id.replace(/[._-]/g, "").includes(nationalNumber)) {
    return refuse("invalid_request", { field: "id", detail: "must not be the phone number" });
  }
  return ok(id);
}

export interface AdmitDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly vault: PhoneVault;
}

/**
 * The row of a user who is moved in. It has no session and no device; where its device epoch begins no device token
 * has ever been, not even one of an erased user with the same id, since epochs otherwise count up from 0.
 */
export async function admit(deps: AdmitDeps, incoming: IncomingUser, phoneTag: string): Promise<User> {
  const now = deps.clock.now();
  const id = incoming.id ?? deps.random.uuid(now);
  return {
    id,
    phoneTag,
    sealedPhone: await deps.vault.seal(incoming.phone, id),
    name: incoming.name,
    avatar: incoming.avatar ?? avatarOf(id),
    deviceEpoch: Math.floor(now / MINUTE_MS),
    createdAt: incoming.createdAt ?? now,
    unprovenSince: now,
  };
}
