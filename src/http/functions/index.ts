import type { Context } from "hono";
import type { Profile } from "../../core/account/profile.ts";
import type { Told } from "../../core/functions/reason.ts";
import { nationalForm, type Phone, parseNationalForm } from "../../core/phone.ts";
import type { RefusalCode } from "../../core/refusals.ts";
import type { Env, HttpDeps } from "../context.ts";
import { fromOf } from "../middleware/request-context.ts";
import { avatarUrl, originOf } from "../origin.ts";
import { answerRefusal, say, sayReason, sayRefused } from "./answer.ts";
import { readParameters } from "./parameters.ts";

type Handler = (c: Context<Env>, deps: HttpDeps) => Promise<Response>;

/** The three functions of the demo `qcloudsms/smsLogin`, by their addresses. */
export const FUNCTIONS: readonly (readonly [path: string, handler: Handler])[] = [
  ["/functions/sms", sms],
  ["/functions/getUserInfo", getUserInfo],
  ["/functions/setNickname", setNickname],
];

const SMS_PARAMETERS = ["method", "phone", "ticket", "randstr", "code", "sessionId", "token"] as const;

type SmsParameters = Partial<Record<(typeof SMS_PARAMETERS)[number], string>>;

/** `getSms` sends a code, `login` signs in by code or by token. Looks at the parameters in the demo's order. */
async function sms(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const asked = await readParameters(c, SMS_PARAMETERS);
  if (!asked?.method || !asked.phone) return say(c, "missing");
  const phone = parseNationalForm(asked.phone, deps.settings.phones);
  if (!phone.ok) return answerRefusal(c, phone.refusal);
  if (asked.method === "getSms") return await sendCode(c, deps, phone.value, asked);
  if (asked.method !== "login") return say(c, "noMethod");
  if (asked.token) return await signInByToken(c, deps, phone.value, asked.token);
  return await signInByCode(c, deps, phone.value, asked);
}

async function sendCode(
  c: Context<Env>,
  { phonekey }: HttpDeps,
  phone: Phone,
  { ticket, randstr }: SmsParameters,
): Promise<Response> {
  const { Captcha } = await import("../api/schemas/challenges.ts");
  const captcha = ticket || randstr ? Captcha.safeParse({ kind: "tencent", ticket, randstr }) : undefined;
  if (captcha && !captcha.success) return say(c, "missing");
  const asked = { phone, locale: c.get("locale"), from: fromOf(c), captcha: captcha?.data };
  const started = await phonekey.functions.start(asked);
  if (!started.ok) return answerRefusal(c, started.refusal);
  return say(c, "sent", { codeStr: "Ok", requestId: c.get("requestId"), sessionId: started.value.id });
}

async function signInByCode(
  c: Context<Env>,
  deps: HttpDeps,
  phone: Phone,
  { code, sessionId }: SmsParameters,
): Promise<Response> {
  if (!code || !sessionId) return say(c, "missing");
  const { functions, account } = deps.phonekey;
  const userAgent = c.req.header("user-agent") ?? "";
  const signedIn = await functions.signIn({ phone, code, sessionId, userAgent, from: fromOf(c) });
  if (!signedIn.ok) return sayNo(c, deps, signedIn);
  const { user, session } = signedIn.value;
  const profile = profileBody(c, deps, await account.read(user, signedIn.value.phone));
  return say(c, "signedIn", { ...profile, token: await functions.token(session, profile) });
}

async function signInByToken(
  c: Context<Env>,
  deps: HttpDeps,
  phone: Phone,
  token: string,
): Promise<Response> {
  const own = await deps.phonekey.functions.read(token, { phone });
  return own.ok ? say(c, "signedIn", { ...profileBody(c, deps, own.value), token }) : sayNo(c, deps, own);
}

async function getUserInfo(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const asked = await readParameters(c, ["phone", "userId", "token"]);
  if (!asked?.token || !(asked.phone || asked.userId)) return say(c, "missing");
  const phone = asked.phone ? parseNationalForm(asked.phone, deps.settings.phones) : undefined;
  if (phone && !phone.ok) return answerRefusal(c, phone.refusal);
  const { token, userId } = asked;
  const about = { ...(phone && { phone: phone.value }), ...(userId && { userId }) };
  const own = await deps.phonekey.functions.read(token, about);
  return own.ok ? say(c, "found", profileBody(c, deps, own.value)) : sayNo(c, deps, own);
}

async function setNickname(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const asked = await readParameters(c, ["userId", "token", "name"]);
  if (!asked?.userId || !asked.token || !asked.name) return say(c, "missing");
  const { token, userId, name } = asked;
  const renamed = await deps.phonekey.functions.rename(token, { userId, name });
  if (renamed.ok) return say(c, "renamed");
  const isBadName = "refusal" in renamed && renamed.refusal.code === "invalid_request";
  return isBadName ? sayRefused(c, "badName", "invalid_request") : sayNo(c, deps, renamed);
}

function sayNo(
  c: Context<Env>,
  { settings }: HttpDeps,
  no: Told<never, RefusalCode> & { ok: false },
): Response {
  if ("refusal" in no) return answerRefusal(c, no.refusal);
  return sayReason(c, no.reason, `${originOf(c, settings)}/sign-in`);
}

function profileBody(c: Context<Env>, { settings }: HttpDeps, { phone, id, name, avatar }: Profile) {
  return { phone: nationalForm(phone), userId: id, name, avatar: avatarUrl(c, settings, avatar) };
}
