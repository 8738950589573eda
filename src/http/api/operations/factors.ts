import { ok } from "../../../core/refusals.ts";
import { siteOf } from "../../origin.ts";
import { operation } from "../operation.ts";
import {
  ConfirmAppBody,
  FactorId,
  Factors,
  LoginProtectionBody,
  NewFactorBody,
  NewPasskeyBody,
  PasskeyOptions,
  PasskeyOptionsBody,
  ProposedApp,
  RecoveryCodes,
} from "../schemas/factors.ts";
import { clientOf, passkeyOptionsBody, protectionBody } from "./wire.ts";

export const readFactors = operation({
  summary: "Read second factors",
  description: "The user's second factors, and whether login protection asks for them.",
  auth: "access_token",
  answer: { status: 200, description: "What there is.", schema: Factors },
  refusals: [],
  handle: async ({ principal }, phonekey) => {
    return ok({
      ...protectionBody(await phonekey.factors.read(principal)),
      methods: [...(await phonekey.sessions.waysToRaise(principal))],
    });
  },
});

export const proposeApp = operation({
  summary: "Add an authenticator app",
  description:
    "Makes a secret for an authenticator app (TOTP, RFC 6238). The app counts once a code of it was confirmed, within half an hour. Takes a recent step-up, as does everything that changes factors.",
  auth: "access_token",
  body: NewFactorBody,
  answer: { status: 201, description: "The secret, shown this once.", schema: ProposedApp },
  refusals: ["invalid_request", "invalid_token", "step_up_required", "too_many_factors"],
  handle: async ({ principal, body }, phonekey) => await phonekey.factors.proposeApp(principal, body?.label),
});

export const confirmApp = operation({
  summary: "Confirm an authenticator app",
  description: "From the first right code on the app counts; the code raises the session, too.",
  auth: "access_token",
  params: FactorId,
  body: ConfirmAppBody,
  answer: { status: 204, description: "The app counts." },
  refusals: [
    "invalid_request",
    "invalid_token",
    "step_up_required",
    "not_found",
    "invalid_code",
    "too_many_factors",
  ],
  example: { code: "492039" },
  handle: async ({ principal, params, body, locale }, phonekey) => {
    const confirmed = await phonekey.factors.confirmApp({ principal, locale, ...params, ...body });
    return confirmed.ok ? ok(undefined) : confirmed;
  },
});

export const offerPasskey = operation({
  summary: "Begin to add a passkey",
  description: "What `navigator.credentials.create` takes, for pages of this very origin.",
  auth: "access_token",
  answer: { status: 200, description: "The options; they are good once.", schema: PasskeyOptions },
  refusals: ["invalid_request", "step_up_required", "too_many_factors", "too_many_requests"],
  handle: async (request, phonekey, deps) => {
    const options = await phonekey.factors.passkeyOptions(request.principal, siteOf(request.c, deps));
    return options.ok ? ok(passkeyOptionsBody(options.value)) : options;
  },
});

export const addPasskey = operation({
  summary: "Add a passkey",
  description: "Takes what the browser answered. The passkey raises the session, too.",
  auth: "access_token",
  body: NewPasskeyBody,
  answer: { status: 204, description: "The passkey counts." },
  refusals: ["invalid_request", "invalid_token", "step_up_required", "too_many_factors"],
  handle: async ({ principal, body, locale, c }, phonekey, deps) => {
    const { label, passkey: answer } = body;
    const site = siteOf(c, deps);
    const added = await phonekey.factors.addPasskey({ principal, locale, label, answer, site });
    return added.ok ? ok(undefined) : added;
  },
});

export const renewRecoveryCodes = operation({
  summary: "Make recovery codes",
  description: "Ten codes in the place of all others. Each stands once for a factor that was lost.",
  auth: "access_token",
  answer: { status: 201, description: "The codes, shown this once.", schema: RecoveryCodes },
  refusals: ["invalid_request", "invalid_token", "step_up_required", "factor_missing", "too_many_requests"],
  handle: async ({ principal, locale }, phonekey) => {
    const codes = await phonekey.factors.renewCodes({ principal, locale });
    return codes.ok ? ok({ codes: [...codes.value] }) : codes;
  },
});

export const removeFactor = operation({
  summary: "Remove a second factor",
  description:
    "The last one cannot be removed while login protection is on. With the last one the recovery codes go.",
  auth: "access_token",
  params: FactorId,
  answer: { status: 204, description: "It is gone." },
  refusals: ["invalid_token", "step_up_required", "not_found", "factor_needed"],
  handle: async ({ principal, params, locale }, phonekey) =>
    await phonekey.factors.remove({ principal, locale, id: params.id }),
});

export const setLoginProtection = operation({
  summary: "Turn login protection on or off",
  description:
    "Turned on, it ends every other session, and no other device is known any more. Takes a session of level 2, so that nobody locks themselves out; whoever has nothing to reach it with adds a factor first.",
  auth: "access_token",
  body: LoginProtectionBody,
  answer: { status: 204, description: "It is as asked for." },
  refusals: ["invalid_token", "step_up_required", "factor_missing"],
  example: { when: "always" },
  handle: async ({ principal, body, locale }, phonekey) => {
    const when = body.when === "off" ? undefined : body.when;
    return await phonekey.factors.protect({ principal, locale, when });
  },
});

export const askForPasskey = operation({
  summary: "Ask for a passkey at sign-in",
  description: "What `navigator.credentials.get` takes, for the second step of a sign-in.",
  auth: "none",
  body: PasskeyOptionsBody,
  answer: { status: 200, description: "The options; they are good once.", schema: PasskeyOptions },
  refusals: ["invalid_challenge", "not_found", "too_many_requests"],
  handle: async (request, phonekey, deps) => {
    const { challenge, deviceToken } = request.body;
    const asked = { challenge, client: clientOf(request, deviceToken), site: siteOf(request.c, deps) };
    const options = await phonekey.signIn.askForPasskey(asked);
    return options.ok ? ok(passkeyOptionsBody(options.value)) : options;
  },
});

export const askForStepUpPasskey = operation({
  summary: "Ask for a passkey to step up",
  description: "What `navigator.credentials.get` takes, to raise the session that asks.",
  auth: "access_token",
  answer: { status: 200, description: "The options; they are good once.", schema: PasskeyOptions },
  refusals: ["not_found", "too_many_requests"],
  handle: async ({ principal, c }, phonekey, deps) => {
    const options = await phonekey.factors.askForPasskey(principal, siteOf(c, deps));
    return options.ok ? ok(passkeyOptionsBody(options.value)) : options;
  },
});
