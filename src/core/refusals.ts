import type { Method } from "./session/methods.ts";

/** Every expected "no" of Phonekey: its code, its HTTP status and its public text in each language. */
export const REFUSALS = {
  invalid_request: { status: 400, en: "The request is not valid.", zh: "请求无效。" },
  invalid_phone: { status: 400, en: "This is not a valid phone number.", zh: "手机号无效。" },
  invalid_token: {
    status: 401,
    en: "The access token is missing, wrong or no longer valid.",
    zh: "访问令牌缺失、错误或已失效。",
  },
  invalid_api_key: {
    status: 401,
    en: "The API key is missing, wrong or no longer valid.",
    zh: "API 密钥缺失、错误或已失效。",
  },
  invalid_signature: {
    status: 401,
    en: "The signature is missing, wrong or too old.",
    zh: "签名缺失、错误或已过期。",
  },
  invalid_code: { status: 401, en: "The code is wrong or has expired.", zh: "验证码错误或已过期。" },
  invalid_credentials: {
    status: 401,
    en: "The phone number or the password is wrong.",
    zh: "手机号或密码错误。",
  },
  invalid_refresh_token: {
    status: 401,
    en: "The refresh token is wrong or its session has ended.",
    zh: "刷新令牌错误或会话已结束。",
  },
  invalid_handover: {
    status: 401,
    en: "The handover is wrong, used or expired.",
    zh: "交接凭证错误、已使用或已过期。",
  },
  invalid_challenge: {
    status: 401,
    en: "This sign-in has expired or was finished. Please begin again.",
    zh: "本次登录已过期或已完成，请重新登录。",
  },
  invalid_proof: {
    status: 401,
    en: "The proof is wrong, used, expired or for somebody else.",
    zh: "凭证错误、已使用、已过期或不属于您。",
  },
  purpose_not_allowed: {
    status: 403,
    en: "This API key is not for that purpose.",
    zh: "此 API 密钥不可用于该用途。",
  },
  forbidden_origin: {
    status: 403,
    en: "This page is out of date, or the form was not sent from it. Load it again and try once more.",
    zh: "页面已过期，或表单不是从本站页面提交的，请重新打开页面后再试。",
  },
  code_required: {
    status: 403,
    en: "There were too many wrong passwords for this number. Please sign in with a code.",
    zh: "该号码的密码错误次数过多，请使用验证码登录。",
  },
  sign_up_closed: {
    status: 403,
    en: "There is no account for this number, and new ones are not open to everybody here.",
    zh: "该号码没有账号，本站暂不开放注册。",
  },
  password_required: {
    status: 403,
    en: "Choose a password of your own first.",
    zh: "请先设置您自己的密码。",
  },
  captcha_required: {
    status: 403,
    en: "Please show that you are not a robot.",
    zh: "请先完成人机验证。",
  },
  second_factor_required: {
    status: 403,
    en: "This account asks for a second factor.",
    zh: "该账号登录时需要第二重验证。",
  },
  step_up_required: {
    status: 403,
    en: "Please confirm that it is you, and try again.",
    zh: "请先验证您的身份，然后重试。",
  },
  user_not_found: {
    status: 404,
    en: "There is no account for this number.",
    zh: "该号码没有账号。",
  },
  not_found: { status: 404, en: "There is nothing here.", zh: "未找到。" },
  method_not_allowed: {
    status: 405,
    en: "This address does not take that method.",
    zh: "该地址不支持此方法。",
  },
  request_timeout: {
    status: 408,
    en: "The request took too long to arrive. Please send it again.",
    zh: "请求接收超时，请重新提交。",
  },
  factor_missing: {
    status: 409,
    en: "Add an authenticator app or a passkey first.",
    zh: "请先添加验证器应用或通行密钥。",
  },
  factor_needed: {
    status: 409,
    en: "Login protection needs this one. Turn it off first, or add another.",
    zh: "登录保护需要此验证方式，请先关闭登录保护，或添加其他验证方式。",
  },
  too_many_factors: {
    status: 409,
    en: "There are as many as an account can have. Remove one first.",
    zh: "验证方式数量已达上限，请先移除一个。",
  },
  idempotency_in_progress: {
    status: 409,
    en: "A request with this Idempotency-Key is still running.",
    zh: "使用此 Idempotency-Key 的请求仍在处理中。",
  },
  phone_taken: {
    status: 409,
    en: "This number belongs to another account. Sign in with it and delete that account first, or use another number.",
    zh: "该手机号已属于另一个账号。请先用该号码登录并注销那个账号，或改用其他号码。",
  },
  request_too_large: { status: 413, en: "The request is too large.", zh: "请求过大。" },
  unsupported_media_type: {
    status: 415,
    en: "Send the body as application/json.",
    zh: "请以 application/json 格式发送请求体。",
  },
  country_not_allowed: {
    status: 422,
    en: "Phone numbers of this country are not accepted here.",
    zh: "暂不支持该国家或地区的手机号。",
  },
  phone_not_mobile: {
    status: 422,
    en: "This number cannot receive our messages. Use a mobile number.",
    zh: "该号码无法接收短信，请使用手机号。",
  },
  phone_unreachable: {
    status: 422,
    en: "The carrier refused to deliver to this number. Check it, or use another one.",
    zh: "运营商拒绝向该号码发送短信，请检查号码或换用其他号码。",
  },
  password_too_short: { status: 422, en: "This password is too short.", zh: "密码太短。" },
  password_too_long: { status: 422, en: "This password is too long.", zh: "密码太长。" },
  password_too_common: {
    status: 422,
    en: "This password is easy to guess. Please choose another one.",
    zh: "该密码容易被猜到，请换一个。",
  },
  idempotency_key_reused: {
    status: 422,
    en: "This Idempotency-Key was used with another request.",
    zh: "此 Idempotency-Key 已用于另一个请求。",
  },
  template_unavailable: {
    status: 422,
    en: "This cannot be done: there is no approved message for it.",
    zh: "无法办理：没有可用于此操作的已审核短信模板。",
  },
  too_many_requests: {
    status: 429,
    en: "Please wait before trying again.",
    zh: "操作过于频繁，请稍后再试。",
  },
  headers_too_large: { status: 431, en: "The request headers are too large.", zh: "请求头过大。" },
  internal_error: {
    status: 500,
    en: "Something went wrong on our side. Please try again later.",
    zh: "服务器出错了，请稍后重试。",
  },
  captcha_unavailable: {
    status: 503,
    en: "The robot check cannot be done at the moment. Please try again shortly.",
    zh: "人机验证暂时不可用，请稍后重试。",
  },
  sms_unavailable: {
    status: 503,
    en: "Messages cannot be sent at the moment. Please try again later.",
    zh: "短信暂时无法发送，请稍后再试。",
  },
  unavailable: {
    status: 503,
    en: "The service is unavailable at the moment. Please try again shortly.",
    zh: "服务暂时不可用，请稍后重试。",
  },
} as const satisfies Record<string, RefusalEntry>;

interface RefusalEntry {
  readonly status: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 415 | 422 | 429 | 431 | 500 | 503;
  readonly en: string;
  readonly zh: string;
}

export type RefusalCode = keyof typeof REFUSALS;

/** An expected "no". It is a value: use cases return it, doors map it. */
export interface Refusal<C extends RefusalCode = RefusalCode> {
  readonly code: C;
  /** Which part of the request is wrong, as a path such as `transaction.amount`. */
  readonly field?: string;
  /** What is wrong with that part, for the developer who called; never a value that was sent. */
  readonly detail?: string;
  readonly retryAfterSeconds?: number;
  /** The kinds of challenges that are taken, where one has to be solved. */
  readonly kinds?: readonly string[];
  /** What the second step takes: what the first was, and what may be shown beside it. */
  readonly secondFactor?: { readonly challenge: string; readonly methods: readonly Method[] };
  /**
   * What the session lacks: the level, and how long ago at most it may have been reached (RFC 9470); `methods` where not
   * all that raises the session counts.
   */
  readonly stepUp?: {
    readonly level: 1 | 2;
    readonly maxAgeSeconds: number;
    readonly methods?: readonly Method[];
  };
}

export type Result<T, C extends RefusalCode = never> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal<C> };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function refuse<C extends RefusalCode>(
  code: C,
  more: Omit<Refusal, "code"> = {},
): { readonly ok: false; readonly refusal: Refusal<C> } {
  return { ok: false, refusal: { code, ...more } };
}

/**
 * A store or another part cannot be reached. Adapters throw it; every door answers 503 with `Retry-After`
 * (promise 7). The cause goes to the log, never to the caller.
 */
export class UnavailableError extends Error {
  readonly code = "unavailable";
  readonly retryAfterSeconds: number;

  constructor(part: string, options: { cause: unknown; retryAfterSeconds?: number }) {
    super(`${part} is unavailable`, { cause: options.cause });
    this.name = "UnavailableError";
    this.retryAfterSeconds = options.retryAfterSeconds ?? 5;
  }
}

/** A phone's tag was made under a key that a retag has replaced. The keyring reloads; the caller may try again. */
export class StaleKeyError extends UnavailableError {
  constructor() {
    super("the tag key", { cause: undefined, retryAfterSeconds: 1 });
    this.name = "StaleKeyError";
  }
}
