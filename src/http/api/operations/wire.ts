import type { z } from "zod";
import type { Evidence } from "../../../core/account/factors/evidence.ts";
import type { Protection } from "../../../core/account/factors/own.ts";
import type { PasskeyOptions as CoreOptions } from "../../../core/account/factors/ports.ts";
import type { Profile } from "../../../core/account/profile.ts";
import type { Backend } from "../../../core/backend/api-key.ts";
import type { PageRequest } from "../../../core/backend/link.ts";
import type { Phone } from "../../../core/phone.ts";
import { ok, type Result, refuse } from "../../../core/refusals.ts";
import type { SessionTokens as CoreTokens } from "../../../core/session/tokens.ts";
import type { Client } from "../../../core/verification/client.ts";
import { alphabetOf } from "../../../core/verification/code.ts";
import type { VerificationView } from "../../../core/verification/verification.ts";
import type { HttpDeps } from "../../context.ts";
import { addressNamed } from "../../middleware/client-address.ts";
import { avatarUrl } from "../../origin.ts";
import { timeOf } from "../../time.ts";
import type { OperationRequest } from "../operation.ts";
import { PasskeyOptions, type StepUpBody } from "../schemas/factors.ts";
import type { User } from "../schemas/me.ts";
import type { SessionTokens } from "../schemas/sessions.ts";
import type { PageBody, Verification } from "../schemas/verifications.ts";

/** A request of whichever operation. */
export type AnyRequest = OperationRequest<unknown, unknown, unknown, unknown>;

export function verificationBody(view: VerificationView): z.input<typeof Verification> {
  const { id, status, purpose, phone, codeLength, expiresAt, resendAt } = view;
  return {
    id,
    status,
    purpose,
    phone,
    codeLength,
    expiresAt: timeOf(expiresAt),
    resendAt: timeOf(resendAt),
    ...(alphabetOf(codeLength) === "letters" && { codeAlphabet: "letters" as const }),
  };
}

/** The page that a body asks for, without absent fields. */
export function pageRequestOf(page: z.output<typeof PageBody> | undefined): PageRequest | undefined {
  if (!page) return undefined;
  const { returnTo, state } = page;
  return { ...(returnTo !== undefined && { returnTo }), ...(state !== undefined && { state }) };
}

export function userBody(profile: Profile, { c }: AnyRequest, deps: HttpDeps): z.input<typeof User> {
  const { id, phone, name, hasPassword, createdAt } = profile;
  const avatar = avatarUrl(c, deps.settings, profile.avatar);
  return { id, phone, name, avatar, hasPassword, createdAt: timeOf(createdAt) };
}

export function protectionBody({ loginProtection, factors, recoveryCodesLeft }: Protection) {
  return {
    loginProtection: loginProtection ?? ("off" as const),
    factors: factors.map(({ id, kind, label, createdAt, lastUsedAt }) => ({
      id,
      kind,
      label,
      createdAt: timeOf(createdAt),
      ...(lastUsedAt !== undefined && { lastUsedAt: timeOf(lastUsedAt) }),
    })),
    recoveryCodesLeft,
  };
}

/**
 * A session's tokens together with its user.
 *
 * @param phone the user's number, if it is known
 */
export async function tokensBody(
  tokens: CoreTokens,
  request: AnyRequest,
  deps: HttpDeps,
  phone?: Phone,
): Promise<z.input<typeof SessionTokens>> {
  const { accessToken, refreshToken, deviceToken, expiresInSeconds, mustSetPassword } = tokens;
  const profile = await deps.phonekey.account.read(tokens.user, phone);
  return {
    accessToken,
    tokenType: "Bearer",
    expiresIn: expiresInSeconds,
    refreshToken,
    deviceToken,
    user: userBody(profile, request, deps),
    ...(mustSetPassword && { mustSetPassword }),
  };
}

/**
 * The client that a start or a check is for. A backend calls on behalf of a person: it may name the person's address,
 * and is asked for no challenge. Every other caller is the client; naming an address is `invalid_request`.
 */
export function servedClient(
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

export function passkeyOptionsBody(options: CoreOptions["options"]): z.input<typeof PasskeyOptions> {
  return PasskeyOptions.parse(options);
}

/** The factor that a person shows, recognised by the field that the body has. */
export function evidenceOf(body: z.output<typeof StepUpBody>): Evidence {
  if ("totp" in body) return { by: "otp", code: body.totp };
  if ("passkey" in body) return { by: "pop", answer: body.passkey };
  if ("recoveryCode" in body) return { by: "recovery", code: body.recoveryCode };
  if ("password" in body) return { by: "pwd", password: body.password };
  return { by: "sms", verificationId: body.verificationId, code: body.code };
}

/** The client that a request comes from, as use cases take it. */
export function clientOf({ addressKey, address }: AnyRequest, deviceToken?: string): Client {
  const from = addressKey && address ? { addressKey, address } : {};
  return deviceToken ? { deviceToken, ...from } : from;
}
