import type { Context } from "hono";
import { countryOptions, isCountryCode } from "../../core/countries.ts";
import { REFUSALS, type Refusal } from "../../core/refusals.ts";
import type { Flow } from "../../core/session/flow.ts";
import type { SignedIn } from "../../core/session/session-draft.ts";
import { alphabetOf } from "../../core/verification/code.ts";
import type { VerificationView } from "../../core/verification/verification.ts";
import type { Env, HttpDeps } from "../context.ts";
import { refusalText } from "../problem.ts";
import { demanded, inAdvance, type PageChallenge, readCaptcha, sourcesOf } from "./challenge.ts";
import { pageContext, pageLocale, sendPage } from "./context.ts";
import { clearCookie, readCookie, writeCookie } from "./cookies.ts";
import { messagePageFor } from "./errors.ts";
import {
  beginFlow,
  currentFlow,
  flowCsrf,
  flowForm,
  isOwnLink,
  keepFlow,
  pageClient,
  readReturnRequest,
  returnAddress,
} from "./flow.ts";
import { beginSecondStep, submitSecondStep } from "./second-step.ts";
import { codePage } from "./views/code.tsx";
import { phonePage } from "./views/phone.tsx";

/** What became of a form, for the page that answers it. */
interface Outcome {
  readonly refusal?: Refusal | undefined;
  readonly challenge?: PageChallenge | undefined;
}

type Handler = (c: Context<Env>, deps: HttpDeps) => Promise<Response>;

/** What a person signs in with here. */
type SignInPurpose = "sign_in" | "temporary_password";

/** GET /sign-in: asks for the phone. Who is signed in already goes on at once. */
export const showPhone: Handler = (c, deps) => askPhone(c, deps, "sign_in");

/** GET /temporary-password: the same, for a password that works once. */
export const showTemporaryPassword: Handler = (c, deps) => askPhone(c, deps, "temporary_password");

async function askPhone(c: Context<Env>, deps: HttpDeps, purpose: SignInPurpose): Promise<Response> {
  const request = readReturnRequest((name) => c.req.query(name), deps.settings.returnTo);
  if (!request) return await messagePageFor(c, deps, { code: "invalid_request" });
  const current = await currentFlow(c, deps);
  const goesOn = current && !request.returnTo && isOwnLink(c);
  const flow = goesOn ? current : beginFlow(deps, current, request);
  const cookie = readCookie(c, deps.settings, "session");
  const principal = cookie ? await deps.phonekey.sessions.authenticatePage(cookie) : undefined;
  if (principal?.ok) return await goOn(c, deps, flow, { ...principal.value, created: false });
  await keepFlow(c, deps, flow);
  const country = deps.settings.phones.defaultCountry;
  return await phoneForm(c, deps, flow, { country, phone: "", purpose }, { challenge: inAdvance(c, deps) });
}

/** POST /sign-in: sends a code to the phone. */
export const submitPhone: Handler = async (c, deps) => {
  const form = await flowForm(c, deps);
  if (!form.ok) return await messagePageFor(c, deps, form.refusal);
  const { flow, fields } = form.value;
  const phone = fields.get("phone") ?? "";
  const country = fields.get("country") ?? "";
  const purpose: SignInPurpose =
    fields.get("purpose") === "temporary_password" ? "temporary_password" : "sign_in";
  const captcha = readCaptcha(fields);
  const input = {
    phone,
    ...(isCountryCode(country) && { country }),
    purpose,
    client: pageClient(c, deps, flow),
  } as const;
  const started = await deps.phonekey.verifications.start({
    ...input,
    locale: pageLocale(c, deps.settings),
    ...(captcha && { captcha }),
    ...(flow.verification && { heldId: flow.verification }),
  });
  if (!started.ok) {
    const { refusal } = started;
    const challenge = isDemand(refusal)
      ? demanded(await deps.phonekey.challenges.forStart(input), fields)
      : inAdvance(c, deps);
    return await phoneForm(c, deps, flow, { country, phone, purpose }, { refusal, challenge });
  }
  await keepFlow(c, deps, { ...flow, verification: started.value.id });
  return c.redirect("/sign-in/code", 303);
};

/** GET /sign-in/code: asks for the code. */
export const showCode: Handler = async (c, deps) => {
  const flow = await currentFlow(c, deps);
  const view = flow && (await heldVerification(c, deps, flow));
  if (!flow || !view || view.status === "approved") return c.redirect("/sign-in", 303);
  return await codeForm(c, deps, flow, view);
};

/** POST /sign-in/code: signs in. */
export const submitCode: Handler = async (c, deps) => {
  const form = await flowForm(c, deps);
  if (!form.ok) return await messagePageFor(c, deps, form.refusal);
  const { flow, fields } = form.value;
  const signedIn = await deps.phonekey.signIn.byCode({
    verificationId: flow.verification ?? "",
    code: fields.get("code") ?? "",
    client: pageClient(c, deps, flow),
    userAgent: c.req.header("user-agent") ?? "",
  });
  if (signedIn.ok) return await enter(c, deps, flow, signedIn.value);
  const { secondFactor } = signedIn.refusal;
  if (secondFactor) return beginSecondStep(c, deps, secondFactor.challenge);
  const view = await heldVerification(c, deps, flow);
  if (!view) return c.redirect("/sign-in", 303);
  return await codeForm(c, deps, flow, view, { refusal: signedIn.refusal });
};

/** POST /sign-in/second: signs in by a second factor. */
export const submitSecond: Handler = (c, deps) =>
  submitSecondStep(c, deps, (flow, signedIn) => enter(c, deps, flow, signedIn));

/** POST /sign-in/resend: sends the code again, or a new one when the first has ended. */
export const resendCode: Handler = async (c, deps) => {
  const form = await flowForm(c, deps);
  if (!form.ok) return await messagePageFor(c, deps, form.refusal);
  const { flow, fields } = form.value;
  const captcha = readCaptcha(fields);
  const input = { id: flow.verification ?? "", client: pageClient(c, deps, flow) };
  const sent = await deps.phonekey.verifications.again({
    ...input,
    locale: pageLocale(c, deps.settings),
    ...(captcha && { captcha }),
  });
  if (sent.ok) {
    await keepFlow(c, deps, { ...flow, verification: sent.value.id });
    return c.redirect("/sign-in/code", 303);
  }
  const view = await heldVerification(c, deps, flow);
  if (!view) return c.redirect("/sign-in", 303);
  const { refusal } = sent;
  const challenge = isDemand(refusal)
    ? demanded(await deps.phonekey.challenges.forResend(input), fields)
    : undefined;
  return await codeForm(c, deps, flow, view, { refusal, challenge });
};

/** Signed in: a new session of this browser takes the place of an older one, and the pre-session is over (T25). */
export async function enter(
  c: Context<Env>,
  deps: HttpDeps,
  flow: Flow,
  signedIn: SignedIn,
): Promise<Response> {
  const { settings, phonekey } = deps;
  const former = readCookie(c, settings, "session");
  const principal = former ? await phonekey.sessions.authenticatePage(former) : undefined;
  if (principal?.ok) await phonekey.sessions.end(principal.value, principal.value.session.id);
  const deviceToken = await phonekey.sessions.deviceToken(signedIn);
  writeCookie(c, settings, "session", await phonekey.sessions.pageToken(signedIn.session));
  writeCookie(c, settings, "device", deviceToken);
  return await goOn(c, deps, flow, signedIn);
}

/** To the app that asked, with a handover and never a token in the address; else to the account page. */
async function goOn(c: Context<Env>, deps: HttpDeps, flow: Flow, signedIn: SignedIn): Promise<Response> {
  clearCookie(c, deps.settings, "flow");
  // Whoever came by a temporary password chooses one of their own.
  const own = signedIn.session.mustSetPassword ? "/account/password" : "/account";
  if (!flow.returnTo || !flow.challenge) return c.redirect(own, 303);
  const handover = await deps.phonekey.signIn.handOver(signedIn, flow.challenge);
  return c.redirect(returnAddress(flow, handover), 303);
}

async function heldVerification(
  c: Context<Env>,
  deps: HttpDeps,
  flow: Flow,
): Promise<VerificationView | undefined> {
  const { verification: id } = flow;
  if (!id) return undefined;
  const found = await deps.phonekey.verifications.read({ id, client: pageClient(c, deps, flow) });
  return found.ok ? found.value : undefined;
}

async function phoneForm(
  c: Context<Env>,
  deps: HttpDeps,
  flow: Flow,
  form: { readonly country: string; readonly phone: string; readonly purpose: SignInPurpose },
  { refusal, challenge }: Outcome = {},
): Promise<Response> {
  const path = form.purpose === "sign_in" ? "/sign-in" : "/temporary-password";
  const context = pageContext(c, deps, { path, csrf: flowCsrf(flow) });
  const seconds = refusal?.retryAfterSeconds;
  if (seconds) c.header("retry-after", String(seconds));
  const page = phonePage({
    context,
    form: { ...form, phone: form.phone.slice(0, 64) },
    countries: countryOptions(deps.settings.phones.allowedCountries, context.locale),
    ...(refusal && !isDemand(refusal) && { error: refusalText(refusal, context.locale) }),
    ...(seconds && { retryAfterSeconds: seconds }),
    ...(challenge && { challenge }),
  });
  const sources = sourcesOf(challenge);
  return await sendPage(c, deps, page, refusal ? REFUSALS[refusal.code].status : 200, { sources });
}

async function codeForm(
  c: Context<Env>,
  deps: HttpDeps,
  flow: Flow,
  view: VerificationView,
  { refusal, challenge }: Outcome = {},
): Promise<Response> {
  const context = pageContext(c, deps, { path: "/sign-in/code", csrf: flowCsrf(flow) });
  const now = deps.clock.now();
  if (refusal?.retryAfterSeconds) c.header("retry-after", String(refusal.retryAfterSeconds));
  const page = codePage({
    context,
    phoneMasked: view.phone,
    codeLength: view.codeLength,
    hasLetters: alphabetOf(view.codeLength) === "letters",
    resendInSeconds: secondsUntil(view.resendAt, now),
    expiresInSeconds: secondsUntil(view.expiresAt, now),
    ended: view.status !== "pending",
    ...(refusal && !isDemand(refusal) && { error: refusalText(refusal, context.locale) }),
    ...(challenge && { challenge }),
    ...(deps.inbox && { inboxUrl: "/dev/inbox" }),
  });
  const sources = sourcesOf(challenge);
  return await sendPage(c, deps, page, refusal ? REFUSALS[refusal.code].status : 200, { sources });
}

/** A demand is no mistake of the person: the challenge itself says what to do. */
function isDemand(refusal: Refusal): boolean {
  return refusal.code === "captcha_required";
}

function secondsUntil(at: number, now: number): number {
  return Math.max(0, Math.ceil((at - now) / 1000));
}
