import { type Caller, type DeviceDeps, identifyCaller } from "../account/device.ts";
import type { User } from "../account/ports.ts";
import { type CountryCode, type Phone, type PhonePolicy, parsePhone } from "../phone.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { PhoneVault } from "../vault.ts";
import type { Client } from "./client.ts";
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
  readonly phone?: string;
  readonly country?: CountryCode;
  readonly purpose: Purpose;
  readonly self?: Self;
}

/**
 * The phone that a start or a challenge is for, read from the request. For purposes about the user's own phone only
 * that phone is allowed, and it may be left out. For `change_phone` it must be another one (`invalid_request`).
 */
export async function phoneAsked(
  { settings, vault }: { readonly settings: { readonly phones: PhonePolicy }; readonly vault: PhoneVault },
  { phone, country, purpose, self }: WantedPhone,
): Promise<Result<Phone, "invalid_request" | "invalid_phone" | "country_not_allowed" | "phone_not_mobile">> {
  const parsed = phone === undefined ? undefined : parsePhone(phone, settings.phones, country);
  if (parsed && !parsed.ok) return parsed;
  const { startedBy } = ruleOf(purpose);
  const missing = { field: "phone", detail: "is missing or has the wrong type" };
  if (!self || (startedBy !== "self" && startedBy !== "user")) {
    return parsed ?? refuse("invalid_request", missing);
  }
  const own = await vault.open(self.user.sealedPhone, self.user.id);
  if (startedBy === "user") {
    if (parsed?.value !== own) return parsed ?? refuse("invalid_request", missing);
    return refuse("invalid_request", { field: "phone", detail: "must be another than your own" });
  }
  if (!parsed || parsed.value === own) return ok(own);
  return refuse("invalid_request", { field: "phone", detail: "must be your own, or left out" });
}

/** Tells a known device from a stranger. A session is on a known device even if no device token comes with the request. */
export async function callerOf(
  deps: DeviceDeps,
  { self, client }: { readonly self?: Self; readonly client: Client },
  phoneTag: string,
): Promise<Caller> {
  if (self?.deviceId && self.user.phoneTag === phoneTag) {
    return { bucket: "device", deviceId: self.deviceId };
  }
  return await identifyCaller(deps, client.deviceToken, phoneTag);
}
