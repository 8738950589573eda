import type { Context } from "hono";
import { NAME_RULE } from "../../core/account/profile.ts";
import type { Reason } from "../../core/functions/reason.ts";
import type { Locale } from "../../core/locale.ts";
import type { Refusal, RefusalCode } from "../../core/refusals.ts";
import type { Env } from "../context.ts";
import { problemOf } from "../problem.ts";

/** What every function answers, in the demo's shape. */
interface Answer {
  /** 0, or one of the negative codes of the demo. */
  readonly errorCode: number;
  readonly errorMessage: string;
  readonly data?: Readonly<Record<string, string | number>>;
}

/** The code for refusals that the demo has no code of its own for. */
export const REFUSED = -1003;

/**
 * Answers that are no refusal of the catalogue: by names of this door, and by the `Reason`s of the rules, which have
 * underscores. The English of the tutorial's answers is the tutorial's; `docs/functions-api.md` has the codes.
 */
const SAID = {
  sent: [0, "send success", "发送成功"],
  signedIn: [0, "Logged in successfully", "登录成功"],
  found: [0, "", ""],
  renamed: [0, "Name set successfully", "昵称已更新"],
  missing: [-1001, "Missing parameter", "缺少参数"],
  noMethod: [-1004, "No such method", "没有这个方法"],
  badName: [
    REFUSED,
    `\`name\` ${NAME_RULE}`,
    "昵称须为 1 至 64 个字符，且不含控制字符、不可见字符或改变文字方向的字符。",
  ],
  foreignOrigin: [REFUSED, "Web pages of this origin may not call here", "不接受来自该网页来源的请求"],
  notSaved: [-1201, "You could not be signed in. Please ask for a new code.", "登录失败，请重新获取验证码。"],
  no_verification: [-1100, "The verification code has expired", "验证码已失效"],
  wrong_code: [
    -1102,
    "The verification code is incorrect. Please enter again.",
    "验证码不正确，请重新输入。",
  ],
  other_session_id: [-1103, "Unmatched sessionId", "sessionId 不匹配"],
  wrong_token: [
    -1005,
    "The token is wrong or its session has ended. Please sign in with a code.",
    "token 错误或会话已结束，请使用验证码登录。",
  ],
  expired_token: [
    -1006,
    "The token has expired. Please sign in with a code.",
    "token 已过期，请使用验证码登录。",
  ],
  not_the_tokens: [
    -1007,
    "The phone number or the user is not that of the token",
    "手机号或用户与 token 不符",
  ],
  protected: [
    -1201,
    "This account has login protection. Please sign in at {page}",
    "该账号已开启登录保护，请前往 {page} 登录",
  ],
  no_user: [-1202, "The user does not exist any more", "用户已不存在"],
} as const satisfies Record<string, readonly [code: number, en: string, zh: string]> &
  Record<Reason, readonly [number, string, string]>;

/** Refusals that the demo has its own code for. All others are `REFUSED` and named in `data`. */
const OWN_CODES: Partial<Record<RefusalCode, number>> = {
  invalid_phone: -1002,
  country_not_allowed: -1002,
  phone_not_mobile: -1002,
  method_not_allowed: -1004,
  sign_up_closed: -1201,
};

/** The names that are this door's own and no reasons of the rules. */
type Own = Exclude<keyof typeof SAID, Reason>;

/** Answers in words of this door. */
export function say(c: Context<Env>, what: Own, data?: Answer["data"]): Response {
  const [errorCode, en, zh] = SAID[what];
  if (errorCode < 0) c.set("refusal", what);
  return answer(c, { errorCode, errorMessage: inLocale(c.get("locale"), en, zh), ...(data && { data }) });
}

/**
 * Answers with a reason of the rules.
 *
 * @param page the address at which the person can go on; some of the texts name it
 */
export function sayReason(c: Context<Env>, reason: Reason, page: string): Response {
  const [errorCode, en, zh] = SAID[reason];
  c.set("refusal", reason);
  return answer(c, { errorCode, errorMessage: inLocale(c.get("locale"), en, zh).replace("{page}", page) });
}

/** Answers with a refusal of the catalogue for which this door has its own words. */
export function sayRefused(c: Context<Env>, what: Own, codeStr: RefusalCode): Response {
  return say(c, what, { codeStr, requestId: c.get("requestId") });
}

/** Answers with a refusal: HTTP 200 like every other answer, but 503 for a fault of ours. */
export function answerRefusal(c: Context<Env>, refusal: Refusal): Response {
  const { code: codeStr } = refusal;
  c.set("refusal", codeStr);
  const problem = problemOf(refusal, c.get("locale"), c.get("requestId"));
  const { detail: errorMessage, requestId, retryAfter } = problem;
  const errorCode = OWN_CODES[codeStr];
  if (errorCode !== undefined) return answer(c, { errorCode, errorMessage });
  const data = { codeStr, requestId, ...(retryAfter && { retryAfter }) };
  return answer(c, { errorCode: REFUSED, errorMessage, data }, codeStr === "internal_error" ? 503 : 200);
}

function inLocale(locale: Locale, en: string, zh: string): string {
  return locale === "zh-CN" ? zh : en;
}

function answer(c: Context<Env>, body: Answer, status: 200 | 503 = 200): Response {
  return c.json(body, status);
}
