import { type AdminAccount, createAdminAccount } from "./admin-account.ts";
import { type Fault, startCloud } from "./cloud.ts";
import { smsAdmin } from "./sms-admin.ts";
import { createSmsSending, type SmsTemplate, type TakenSms } from "./sms-send.ts";

export interface StubOptions {
  /** 0 takes any free one. */
  readonly port: number;
  /** Where a report of each message is posted. */
  readonly callback?: string;
  readonly say: (text: string) => void;
}

export interface Stub {
  /** What a server needs in its environment to send through it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Obeys a typed line: the next message is refused with this code, or meets this fault. */
  obey(word: string): void;
  close(): Promise<void>;
}

const KEY = { secretId: "AKIDstandin", secretKey: "standin" };
const SIGNATURE = "Phonekey";
const TEMPLATES: readonly SmsTemplate[] = [
  { id: "110001", content: "{1}为您的登录验证码，请于{2}分钟内填写。如非本人操作，请忽略本短信。" },
  {
    id: "210001",
    content: "{1} is your sign-in code. It expires in {2} minutes.",
    isInternational: true,
  },
];
const FAULTS: Readonly<Record<string, Fault>> = {
  hang: { hang: "taken" },
  cut: { cut: "taken" },
  down: { httpStatus: 502 },
  garbage: { garbage: "<html>" },
};

/** The stand-in as a program of its own, to try the sender without an account. */
export async function startStub({ port, callback, say }: StubOptions): Promise<Stub> {
  const account = approvedAccount();
  const sending = createSmsSending(
    { sdkAppId: account.appId, signatures: [SIGNATURE], templates: TEMPLATES },
    (sms) => {
      say(`${sms.to}  ${sms.text}`);
      if (callback) report(callback, sms).catch(() => say(`nobody takes reports at ${callback}`));
    },
  );
  const cloud = await startCloud({ products: [sending, smsAdmin(account)], accounts: [KEY], port });
  return {
    environment: {
      SMS_SENDER: "tencent",
      TENCENT_SECRET_ID: KEY.secretId,
      TENCENT_SECRET_KEY: KEY.secretKey,
      TENCENT_SMS_SDK_APP_ID: account.appId,
      TENCENT_SMS_SIGN_NAME: SIGNATURE,
      TENCENT_SMS_TEMPLATE_ID: "110001",
      TENCENT_SMS_INTERNATIONAL_TEMPLATE_ID: "210001",
      TENCENT_SMS_ENDPOINT: cloud.url,
    },
    obey(word) {
      const fault = FAULTS[word];
      if (fault) cloud.faults.push(fault);
      else sending.refuse.push(word);
      say(`The next message meets: ${word}`);
    },
    close: cloud.close,
  };
}

/** What it sends by is approved, so that `phonekey tencent status` and the doctor see what the sender sees. */
function approvedAccount(): AdminAccount {
  const account = createAdminAccount();
  const approved = { StatusCode: 0, ReviewReply: "", CreateTime: 0 };
  const signature = { SignName: SIGNATURE, QualificationId: 1_000_001, QualificationStatusCode: 1 };
  account.signatures.push({ ...approved, ...signature, SignId: 100_001, International: 0 });
  for (const { id, content, isInternational } of TEMPLATES) {
    account.templates.push({
      ...approved,
      TemplateId: Number(id),
      International: isInternational ? 1 : 0,
      TemplateName: "sign_in",
      TemplateContent: content,
      SmsType: 3,
    });
  }
  return account;
}

/** As the cloud reports: a list, here always of one. */
async function report(callback: string, { to, serialNo, sessionContext }: TakenSms): Promise<void> {
  const mainland = to.startsWith("+86");
  const item = {
    user_receive_time: new Date().toISOString().slice(0, 19).replace("T", " "),
    nationcode: mainland ? "86" : to.slice(1, 3),
    mobile: to.slice(3),
    report_status: "SUCCESS",
    errmsg: "DELIVRD",
    description: "用户短信送达成功",
    sid: serialNo,
    ext: sessionContext,
  };
  const headers = { "content-type": "application/json" };
  const answer = await fetch(callback, { method: "POST", headers, body: JSON.stringify([item]) });
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
}
