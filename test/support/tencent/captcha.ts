import { createHash } from "node:crypto";
import { CloudError, type CloudProduct, checkParameters } from "./call.ts";

export interface CaptchaApp {
  readonly appId: number;
  readonly appSecret: string;
}

interface Ticket {
  readonly appId: number;
  readonly randstr: string;
  readonly solvedAt: number;
  readonly evilLevel: number;
  isUsed: boolean;
}

const LIFE_MS = 300_000;
const TICKET = /^tr03[A-Za-z0-9_-]{20,}\*{2}$/;
const IP = /^(\d{1,3}\.){3}\d{1,3}$|^[0-9a-f:]{2,39}$/i;

/** Tencent Cloud Captcha: tickets that a widget gave out, and the action that judges each of them once. */
export function createCaptcha(app: CaptchaApp, clock: { now(): number } = Date) {
  const tickets = new Map<string, Ticket>();

  function judge(parameters: Readonly<Record<string, unknown>>): { code: number; evilLevel: number } {
    const { CaptchaAppId, AppSecretKey, Ticket: text, Randstr } = parameters;
    if (CaptchaAppId !== app.appId || AppSecretKey !== app.appSecret) return { code: 100, evilLevel: 0 };
    if (!TICKET.test(String(text))) return { code: 15, evilLevel: 0 };
    const ticket = tickets.get(String(text));
    if (!ticket) return { code: 21, evilLevel: 0 };
    const { appId, randstr, solvedAt, evilLevel, isUsed } = ticket;
    if (appId !== app.appId) return { code: 16, evilLevel };
    if (randstr !== Randstr) return { code: 7, evilLevel };
    if (clock.now() - solvedAt >= LIFE_MS) return { code: 8, evilLevel };
    if (isUsed) return { code: 9, evilLevel };
    ticket.isUsed = true;
    return { code: 1, evilLevel };
  }

  const product: CloudProduct = {
    service: "captcha",
    version: "2019-07-22",
    regions: [],
    actions: {
      DescribeCaptchaResult({ parameters }) {
        checkParameters({ parameters }, RULES);
        if (parameters.CaptchaType !== 9) throw new CloudError("InvalidParameterValue");
        if (!IP.test(String(parameters.UserIp))) throw new CloudError("InvalidParameterValue");
        const { code, evilLevel } = judge(parameters);
        return { CaptchaCode: code, CaptchaMsg: MESSAGES[code], EvilLevel: evilLevel, GetCaptchaTime: 0 };
      },
    },
  };
  return {
    product,
    /** What the widget's callback gets from a browser that solved its challenge. */
    solve(more: { appId?: number; evilLevel?: number } = {}) {
      const hash = createHash("sha256").update(`ticket ${tickets.size}`).digest("base64url");
      const [ticket, randstr] = [`tr03${hash}**`, `@${hash.slice(0, 3)}`];
      const { appId = app.appId, evilLevel = 0 } = more;
      tickets.set(ticket, { appId, randstr, evilLevel, solvedAt: clock.now(), isUsed: false });
      return { kind: "tencent", ticket, randstr } as const;
    },
  };
}

const RULES = {
  CaptchaType: "integer!",
  Ticket: "string!",
  UserIp: "string!",
  Randstr: "string!",
  CaptchaAppId: "integer!",
  AppSecretKey: "string!",
  BusinessId: "integer",
  SceneId: "integer",
  MacAddress: "string",
  Imei: "string",
  NeedGetCaptchaTime: "integer",
} as const;

const MESSAGES: Readonly<Record<number, string>> = {
  1: "OK",
  7: "captcha no match",
  8: "ticket expired",
  9: "ticket reused",
  15: "decrypt fail",
  16: "appid-ticket mismatch",
  21: "diff",
  100: "param err",
};
