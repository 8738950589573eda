import { MOST_PROVIDER_ID } from "../../core/delivery/receipt-ports.ts";
import type { CarrierReport } from "../../core/delivery/receipts.ts";
import type { Locale } from "../../core/locale.ts";
import { type Phone, phoneInE164 } from "../../core/phone.ts";
import type { TencentClient } from "./client.ts";

const MOST = 100;

/**
 * Asks what became of the messages to one phone (PullSmsSendStatusByPhoneNumber; seven days back at most). Rejects with
 * `TencentError`.
 *
 * @param since epoch milliseconds
 */
export async function pullReports(
  client: TencentClient,
  sdkAppId: string,
  { phone, since }: { readonly phone: Phone; readonly since: number },
  signal: AbortSignal,
): Promise<readonly CarrierReport[]> {
  const request = {
    BeginTime: Math.floor(since / 1_000),
    Offset: 0,
    Limit: MOST,
    PhoneNumber: phone,
    SmsSdkAppId: sdkAppId,
  };
  const answer = await client.call("PullSmsSendStatusByPhoneNumber", request, signal);
  const { PullSmsSendStatusSet: statuses } = Object(answer) as Record<string, unknown>;
  return Array.isArray(statuses) ? statuses.slice(0, MOST).flatMap(readStatus) : [];
}

function readStatus(status: unknown): CarrierReport[] {
  const { PhoneNumber, SerialNo, ReportStatus, Description, SessionContext } = Object(status) as Record<
    string,
    unknown
  >;
  const phone = typeof PhoneNumber === "string" ? phoneInE164(PhoneNumber) : undefined;
  const isKnown = ReportStatus === "SUCCESS" || ReportStatus === "FAIL";
  if (!phone || !isKnown || !isText(SerialNo, MOST_PROVIDER_ID)) return [];
  return [
    {
      providerId: SerialNo,
      phone,
      outcome: ReportStatus === "SUCCESS" ? "delivered" : "failed",
      code: isText(Description, 64) && !/\p{C}/u.test(Description) ? Description : "UNKNOWN",
      ...(isText(SessionContext, 64) && { messageId: SessionContext }),
    },
  ];
}

function isText(value: unknown, most: number): value is string {
  return typeof value === "string" && value !== "" && value.length <= most;
}

/** What carriers say, by the families of their codes. */
const WORDS: Readonly<Record<string, { readonly en: string; readonly zh: string }>> = {
  DELIVRD: { en: "delivered", zh: "已送达" },
  UNDELIV: { en: "could not be delivered", zh: "无法送达" },
  EXPIRED: {
    en: "not delivered in time; the phone was off or out of reach",
    zh: "超时未送达，手机关机或不在服务区",
  },
  REJECTD: { en: "rejected by the carrier or the phone", zh: "被运营商或终端拒收" },
  DELETED: { en: "deleted by the carrier", zh: "被运营商删除" },
  SUBFAIL: { en: "the carrier's gateway did not take it", zh: "提交运营商网关失败" },
  COMFAIL: { en: "the connection to the carrier failed", zh: "与运营商通信失败" },
  WTNFAIL: { en: "no answer from the carrier", zh: "运营商未返回结果" },
  UNKNOWN: { en: "the carrier does not say why", zh: "运营商未说明原因" },
};

/** A carrier's code in words. Carriers have many codes of their own; an unknown code is shown as it is. */
export function reportInWords(code: string, locale: Locale): string {
  const words = WORDS[/^[A-Z]+/.exec(code)?.[0] ?? ""];
  if (words) return locale === "en" ? words.en : words.zh;
  return locale === "en" ? `the carrier's own code ${code}` : `运营商代码 ${code}`;
}
