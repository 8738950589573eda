import { expect, it } from "vitest";
import type { TencentClient } from "../../../src/adapters/tencent/client.ts";
import { pullReports } from "../../../src/adapters/tencent/reports.ts";
import type { Phone } from "../../../src/core/phone.ts";

const PHONE = "+8613800138000" as Phone;
const ENTRY = {
  UserReceiveTime: 1_800_000_000,
  CountryCode: "86",
  SubscriberNumber: "13800138000",
  PhoneNumber: PHONE,
  SerialNo: "5000:1",
  ReportStatus: "SUCCESS",
  Description: "DELIVRD",
  SessionContext: "01a20a7c-0000-7000-8000-000000000000",
};
const REPORT = {
  providerId: "5000:1",
  phone: PHONE,
  outcome: "delivered",
  code: "DELIVRD",
  messageId: ENTRY.SessionContext,
};

/** The reports that are read if the cloud answers this. */
async function read(answer: unknown) {
  const client: TencentClient = { call: async () => answer };
  const asked = { phone: PHONE, since: 1_800_000_000_999 };
  return await pullReports(client, "1400006666", asked, new AbortController().signal);
}

it("pullReports asks from the second on in which the message was sent", async () => {
  const asked: unknown[] = [];
  const client: TencentClient = { call: async (...call) => void asked.push(call.slice(0, 2)) };
  await pullReports(client, "1400006666", { phone: PHONE, since: 1_800_000_000_999 }, AbortSignal.abort());
  const request = { BeginTime: 1_800_000_000, Offset: 0, Limit: 100, PhoneNumber: PHONE };
  const action = "PullSmsSendStatusByPhoneNumber";
  expect(asked).toEqual([[action, { ...request, SmsSdkAppId: "1400006666" }]]);
});

it.each<[string, object, object]>([
  ["that was delivered", {}, {}],
  ["that failed", { ReportStatus: "FAIL", Description: "MK:0001" }, { outcome: "failed", code: "MK:0001" }],
  ["of another country", { PhoneNumber: "+85251234567" }, { phone: "+85251234567" }],
  ["whose time is to come", { UserReceiveTime: 9e15 }, {}],
  ["without a time", { UserReceiveTime: undefined }, {}],
  ["without a reason", { Description: undefined }, { code: "UNKNOWN" }],
  ["with a reason that is too long", { Description: "x".repeat(65) }, { code: "UNKNOWN" }],
  ["with a reason that is no text", { Description: 7 }, { code: "UNKNOWN" }],
  ["without a message's id", { SessionContext: "" }, { messageId: undefined }],
  ["with an invalid message's id", { SessionContext: "x".repeat(65) }, { messageId: undefined }],
])("pullReports reads a report %s", async (_, more, expected) => {
  expect(await read({ PullSmsSendStatusSet: [{ ...ENTRY, ...more }] })).toEqual([{ ...REPORT, ...expected }]);
});

it.each<[string, unknown]>([
  ["nothing", null],
  ["a text", "DELIVRD"],
  ["a report without a serial number", { ...ENTRY, SerialNo: undefined }],
  ["a report with an empty serial number", { ...ENTRY, SerialNo: "" }],
  ["a report with a serial number that is too long", { ...ENTRY, SerialNo: "5".repeat(121) }],
  ["a report without a phone", { ...ENTRY, PhoneNumber: undefined }],
  ["a report with an invalid phone", { ...ENTRY, PhoneNumber: "13800138000" }],
  ["a report with an unknown status", { ...ENTRY, ReportStatus: "PENDING" }],
])("pullReports skips %s, and reads the others", async (_, entry) => {
  expect(await read({ PullSmsSendStatusSet: [entry, ENTRY] })).toEqual([REPORT]);
});

it.each([undefined, null, {}, { PullSmsSendStatusSet: null }, { PullSmsSendStatusSet: {} }])(
  "pullReports reads nothing in %j",
  async (answer) => expect(await read(answer)).toEqual([]),
);

it("pullReports reads at most as many reports as it asked for", async () => {
  expect(await read({ PullSmsSendStatusSet: Array(101).fill(ENTRY) })).toHaveLength(100);
});
