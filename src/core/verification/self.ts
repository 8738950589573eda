import type { User } from "../account/ports.ts";
import { type CountryCode, type Phone, type PhonePolicy, parsePhone } from "../phone.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { PhoneVault } from "../vault.ts";
import { type Purpose, ruleOf } from "./purpose.ts";

/** A user who showed who they are, and the known device that they are at. */
export interface Self {
  readonly user: User;
  readonly deviceId?: string;
  /** Signed in by the code of a test number. */
  readonly isTest?: true;
  /** Signed in by a temporary password, and has chosen none of their own yet. */
  readonly mustSetPassword?: true;
}

interface WantedPhone {
  readonly phone?: string | undefined;
  readonly country?: CountryCode | undefined;
  readonly purpose: Purpose;
  readonly self?: Self | undefined;
}

/**
 * The phone that a start or a challenge is for, read from the request. For purposes about the user's own phone only
 * that phone is allowed, and it may be left out. For `change_phone` it must be another one (`invalid_request`).
 */
export async function phoneAsked(
  { settings, vault }: { readonly settings: { readonly phones: PhonePolicy }; readonly vault: PhoneVault },
  { phone, country, purpose, self }: WantedPhone,
): Promise<Result<Phone, "invalid_request" | "invalid_phone" | "country_not_allowed" | "phone_not_mobile">> {
  const read = phone === undefined ? ok(undefined) : parsePhone(phone, settings.phones, country);
  if (!read.ok) return read;
  const given = read.value;
  const { startedBy } = ruleOf(purpose);
  const isOfUser = startedBy === "self" || startedBy === "user";
  const own = self && isOfUser ? await vault.open(self.user.sealedPhone, self.user.id) : undefined;
  if (own && startedBy === "self") {
    return given === undefined || given === own ? ok(own) : refusePhone("must be your own, or left out");
  }
  if (given === undefined) return refusePhone("is missing or has the wrong type");
  return given === own ? refusePhone("must be another than your own") : ok(given);
}

function refusePhone(detail: string): Result<never, "invalid_request"> {
  return refuse("invalid_request", { field: "phone", detail });
}
