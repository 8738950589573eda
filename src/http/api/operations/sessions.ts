import type { z } from "zod";
import type { Phonekey } from "../../../core/phonekey.ts";
import { ok } from "../../../core/refusals.ts";
import type { HttpDeps } from "../../context.ts";
import { deviceLabel } from "../../device-label.ts";
import { siteOf } from "../../origin.ts";
import { timeOf } from "../../time.ts";
import { operation } from "../operation.ts";
import { StepUpBody } from "../schemas/factors.ts";
import {
  AccessToken,
  OpenedSession,
  OpenSessionBody,
  RefreshBody,
  SessionId,
  SessionScope,
  Sessions,
  SessionTokens,
} from "../schemas/sessions.ts";
import { type AnyRequest, clientOf, evidenceOf, tokensBody } from "./wire.ts";

export const openSession = operation({
  summary: "Sign in",
  description:
    "Opens a session by a verification's code, by a password, or by what the sign-in page handed over to an app. Where login protection asks for more, the refusal `second_factor_required` brings a `challenge`, which is sent here again with a second factor. The first sign-in by code creates the user of a phone, where `SIGN_UP` lets it. A wrong, expired, spent or unknown code is one refusal; so are a wrong password and a number without one.",
  auth: "none",
  body: OpenSessionBody,
  answer: { status: 201, description: "The session's tokens.", schema: OpenedSession },
  refusals: [
    "invalid_request",
    "invalid_code",
    "invalid_handover",
    "second_factor_required",
    "invalid_challenge",
    "invalid_credentials",
    "invalid_phone",
    "country_not_allowed",
    "phone_not_mobile",
    "code_required",
    "sign_up_closed",
    "captcha_required",
    "captcha_unavailable",
    "too_many_requests",
  ],
  example: { verificationId: "kTzR3JwWmJ0pQxv1hE2c4A", code: "004217" },
  handle: async (request, phonekey, deps) => {
    const signedIn = await signIn(request, phonekey, deps);
    if (!signedIn.ok) return signedIn;
    const { created, phone } = signedIn.value;
    const tokens = await phonekey.sessions.tokens(signedIn.value);
    return ok({ created, ...(await tokensBody(tokens, request, deps, phone)) });
  },
});

type OpenSession = AnyRequest & { readonly body: z.output<typeof OpenSessionBody> };

async function signIn(request: OpenSession, { signIn, passwords }: Phonekey, deps: HttpDeps) {
  const { body, userAgent, locale, c } = request;
  if ("handover" in body) {
    const { handover, codeVerifier, deviceToken } = body;
    return await signIn.byHandover({ handover, codeVerifier, userAgent, deviceToken });
  }
  const client = clientOf(request, body.deviceToken);
  if ("phone" in body) {
    const { phone, password, captcha } = body;
    return await passwords.signIn({ phone, password, client, userAgent, captcha });
  }
  if (!("challenge" in body)) {
    const { verificationId, code } = body;
    return await signIn.byCode({ verificationId, code, userAgent, client });
  }
  const step = { challenge: body.challenge, evidence: evidenceOf(body), site: siteOf(c, deps) };
  return await signIn.byFactor({ ...step, client, userAgent, locale });
}

export const refreshSession = operation({
  summary: "Refresh a session",
  description:
    "Swaps a refresh token for its successor. The immediate predecessor is answered with the same successor for 60 seconds; any other spent token ends the session.",
  auth: "none",
  body: RefreshBody,
  answer: { status: 200, description: "New tokens of the same session.", schema: SessionTokens },
  refusals: ["invalid_refresh_token"],
  handle: async (request, phonekey, deps) => {
    const refreshed = await phonekey.sessions.refresh(request.body.refreshToken);
    return refreshed.ok ? ok(await tokensBody(refreshed.value, request, deps)) : refreshed;
  },
});

export const stepUpSession = operation({
  summary: "Confirm who it is",
  description:
    "Raises the session that asks, after `step_up_required`: by the code of a verification with purpose `second_factor`, or by another factor of those that `GET /v1/me/factors` names. The answer's access token says the new level and time; the refresh token stays.",
  auth: "access_token",
  beforePassword: true,
  body: StepUpBody,
  answer: { status: 200, description: "A further access token of the session.", schema: AccessToken },
  refusals: ["invalid_request", "invalid_token", "invalid_code", "too_many_requests"],
  example: { verificationId: "kTzR3JwWmJ0pQxv1hE2c4A", code: "004217" },
  handle: async (request, phonekey, deps) => {
    const { principal, body, locale, c } = request;
    const shown = { evidence: evidenceOf(body), site: siteOf(c, deps), locale };
    const raised = await phonekey.sessions.stepUp({ principal, ...shown, client: clientOf(request) });
    if (!raised.ok) return raised;
    const { accessToken, expiresInSeconds } = await phonekey.sessions.accessToken(raised.value);
    return ok({ accessToken, tokenType: "Bearer" as const, expiresIn: expiresInSeconds });
  },
});

export const listSessions = operation({
  summary: "List the user's sessions",
  description: "The most recently used first.",
  auth: "access_token",
  answer: { status: 200, description: "The sessions that are open.", schema: Sessions },
  refusals: [],
  handle: async ({ principal }, phonekey) => {
    const sessions = (await phonekey.sessions.list(principal)).map(async (session) => ({
      id: session.id,
      current: session.id === principal.session.id,
      device: await deviceLabel(session.userAgent),
      createdAt: timeOf(session.createdAt),
      lastUsedAt: timeOf(session.lastUsedAt),
      expiresAt: timeOf(session.expiresAt),
    }));
    return ok({ sessions: await Promise.all(sessions) });
  },
});

export const endCurrentSession = operation({
  summary: "Sign out",
  description: "Ends the session that asks. Its tokens are refused from then on.",
  auth: "access_token",
  beforePassword: true,
  answer: { status: 204, description: "The session has ended." },
  refusals: [],
  handle: async ({ principal }, phonekey) => {
    await phonekey.sessions.end(principal, principal.session.id);
    return ok(undefined);
  },
});

export const endSession = operation({
  summary: "End one session",
  description:
    "Ends one of the user's own sessions; devices are unknown from then on, as when several are ended. A session of somebody else is not there.",
  auth: "access_token",
  params: SessionId,
  answer: { status: 204, description: "The session has ended." },
  refusals: ["not_found"],
  handle: async ({ principal, params }, phonekey) => {
    return await phonekey.sessions.end(principal, params.id);
  },
});

export const endSessions = operation({
  summary: "End several sessions",
  description:
    "Ends the user's other sessions, or all of them. Every device is unknown from then on; that of a session which stays is known again by the device token of its next refresh.",
  auth: "access_token",
  query: SessionScope,
  answer: { status: 204, description: "The sessions have ended." },
  refusals: ["invalid_token"],
  handle: async ({ principal, query }, phonekey) => {
    const { endOthers, endAll } = phonekey.sessions;
    return await (query.scope === "others" ? endOthers : endAll)(principal);
  },
});
