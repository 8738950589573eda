import { z } from "zod";
import type { ChallengeVerifier, Verdict } from "../../core/protection/challenges/ports.ts";
import type { Window } from "../../core/protection/limits/ports.ts";
import { sha256 } from "../../core/secrets.ts";
import { MINUTE_MS } from "../../core/time.ts";
import type { TencentClient } from "./client.ts";
import { TencentError } from "./errors.ts";

export interface TencentCaptchaDeps {
  /** A client of `captcha.tencentcloudapi.com` in version `2019-07-22`. */
  readonly client: TencentClient;
  /** The CaptchaAppId. */
  readonly appId: string;
  /** The AppSecretKey. */
  readonly appSecret: string;
  /** How many disaster tickets are accepted; if absent, none are. */
  readonly disasterTickets?: readonly Window[];
  readonly deadline: () => AbortSignal;
  /** Told why a ticket could not be judged, in our own words. */
  readonly report: (problem: string) => void;
}

/** How long after it was solved a ticket is good. */
const LIFE_MS = 5 * MINUTE_MS;
const TYPE_OF_EVERY_CAPTCHA = 9;
/** `EvilLevel` of a visitor that the service takes for a machine, in the mode that shows nothing. */
const EVIL = 100;

/** The meaning of each `CaptchaCode`. An unlisted code is an error of the service. */
const MEANINGS: Readonly<Record<number, "solved" | "invalid" | "misconfigured">> = {
  1: "solved",
  7: "invalid", // The randstr is that of another ticket.
  8: "invalid", // Expired.
  9: "invalid", // Used before.
  15: "invalid", // Cannot be decrypted.
  16: "invalid", // The ticket of another app.
  21: "invalid", // Its parts differ: the service takes it for an attack.
  100: "misconfigured", // App id and secret do not belong together.
};

const Answer = z.object({ CaptchaCode: z.int(), EvilLevel: z.int().nullish() });

/** Judges tickets of Tencent Cloud Captcha by `DescribeCaptchaResult` (https://cloud.tencent.com/document/api/1110/36926). */
export function createTencentCaptchaVerifier(deps: TencentCaptchaDeps): ChallengeVerifier {
  return {
    kind: "tencent",
    isThirdParty: true,
    siteKey: deps.appId,
    async verify(captcha, { address }, now) {
      if (captcha.kind !== "tencent") return { status: "invalid" };
      const { ticket, randstr } = captcha;
      const id = sha256(`${ticket} ${randstr}`);
      if (DISASTER.test(ticket)) return judgeDisaster(deps, ticket, id, now);
      if (address) return await judge(deps, { Ticket: ticket, Randstr: randstr, UserIp: address }, id);
      deps.report("the client's address is unknown, and the service has to be told it");
      return { status: "unavailable" };
    },
  };
}

async function judge(deps: TencentCaptchaDeps, solution: object, id: string): Promise<Verdict> {
  const { client, appId, appSecret, deadline, report } = deps;
  const account = {
    CaptchaType: TYPE_OF_EVERY_CAPTCHA,
    CaptchaAppId: Number(appId),
    AppSecretKey: appSecret,
  };
  try {
    const answer = await client.call("DescribeCaptchaResult", { ...account, ...solution }, deadline());
    const { CaptchaCode, EvilLevel } = Answer.parse(answer);
    const meaning = MEANINGS[CaptchaCode];
    if (meaning === "solved" && EvilLevel !== EVIL) return { status: "solved", id, livesMs: LIFE_MS };
    if (meaning === "solved" || meaning === "invalid") return { status: "invalid" };
    report(`CaptchaCode ${CaptchaCode}`);
  } catch (error) {
    report(error instanceof TencentError ? error.message : "an answer that cannot be read");
  }
  return { status: "unavailable" };
}

/** The ticket that the widget makes up if it cannot reach its service, in both documented spellings. */
const DISASTER = /^tr?error_/;
const DISASTER_PARTS = /^tr?error_\d{1,6}_(\d{1,12})_(\d{10})$/;

/**
 * Anybody can make such a ticket. The only checks are that it names our app and this moment; the limit on disaster
 * tickets bounds how many are accepted.
 */
function judgeDisaster(
  { appId, disasterTickets }: TencentCaptchaDeps,
  ticket: string,
  id: string,
  now: number,
): Verdict {
  const [, madeFor, madeAt] = DISASTER_PARTS.exec(ticket) ?? [];
  const isFresh = Math.abs(Number(madeAt) * 1000 - now) < LIFE_MS;
  if (!disasterTickets || madeFor !== appId || !isFresh) return { status: "invalid" };
  return { status: "solved", id, livesMs: LIFE_MS, atMost: disasterTickets };
}
