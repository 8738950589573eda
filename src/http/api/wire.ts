import type { z } from "zod";
import type { Profile } from "../../core/account/profile.ts";
import type { Backend } from "../../core/backend/api-key.ts";
import { ok, type Result, refuse } from "../../core/refusals.ts";
import type { Principal } from "../../core/session/session.ts";
import type { SessionTokens as CoreTokens } from "../../core/session/tokens.ts";
import type { Client } from "../../core/verification/client.ts";
import type { Self } from "../../core/verification/self.ts";
import type { VerificationView } from "../../core/verification/verification.ts";
import type { HttpDeps } from "../context.ts";
import { addressNamed } from "../middleware/client-address.ts";
import { avatarUrl } from "../origin.ts";
import { timeOf } from "../time.ts";
import type { OperationRequest } from "./operation.ts";
import type { SessionTokens, User, Verification } from "./schemas.ts";

type AnyRequest = OperationRequest<unknown, unknown, unknown, unknown>;

export function verificationBody(view: VerificationView): z.input<typeof Verification> {
  return { ...view, expiresAt: timeOf(view.expiresAt), resendAt: timeOf(view.resendAt) };
}

export function userBody(profile: Profile, { c }: AnyRequest, deps: HttpDeps): z.input<typeof User> {
  const { id, phone, name, createdAt } = profile;
  const avatar = avatarUrl(c, deps.settings, profile.avatar);
  return { id, phone, name, avatar, createdAt: timeOf(createdAt) };
}

/** A session's tokens, its user beside them. */
export async function tokensBody(
  tokens: CoreTokens,
  request: AnyRequest,
  deps: HttpDeps,
): Promise<z.input<typeof SessionTokens>> {
  const { accessToken, refreshToken, deviceToken, expiresInSeconds } = tokens;
  const profile = await deps.phonekey.account.read(tokens.user);
  return {
    accessToken,
    tokenType: "Bearer",
    expiresIn: expiresInSeconds,
    refreshToken,
    deviceToken,
    user: userBody(profile, request, deps),
  };
}

/**
 * For whom a backend asks: the person's address is the one that it names, and it is asked for no challenge. A caller
 * without an API key speaks for itself and names nobody.
 */
export function askerOf(
  request: AnyRequest,
  backend: Backend | undefined,
  {
    deviceToken,
    clientAddress,
  }: { readonly deviceToken?: string | undefined; readonly clientAddress?: string | undefined },
): Result<Client, "invalid_request"> {
  if (!backend && clientAddress !== undefined) {
    return refuse("invalid_request", { field: "clientAddress", detail: "must come with an API key" });
  }
  if (!backend) return ok(clientOf(request, deviceToken));
  const named = clientAddress === undefined ? undefined : addressNamed(clientAddress);
  const address = named && { addressKey: named.key, address: named.text };
  return ok({ solves: [], ...(deviceToken && { deviceToken }), ...address });
}

/** Whose own phone it is about, where somebody is signed in. */
export function selfOf({ user, session }: Principal): Self {
  return { user, deviceId: session.deviceId };
}

/** What a use case needs to know of who calls. */
export function clientOf({ addressKey, address }: AnyRequest, deviceToken?: string): Client {
  return {
    ...(addressKey && { addressKey }),
    ...(address && { address }),
    ...(deviceToken && { deviceToken }),
  };
}
