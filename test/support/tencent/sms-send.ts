import { type CloudCall, CloudError, type CloudProduct, checkParameters } from "./call.ts";
import { SMS } from "./sms.ts";
import { createCounters, type Limits } from "./sms-limits.ts";

/** What an account has been approved for. */
export interface SmsAccount {
  readonly sdkAppId: string;
  /** Texts of approved signatures of mainland China. */
  readonly signatures: readonly string[];
  readonly templates: readonly SmsTemplate[];
  /** The cloud's own limits for one number. */
  readonly limits?: Partial<Limits>;
}

export interface SmsTemplate {
  readonly id: string;
  readonly content: string;
  readonly isInternational?: boolean;
  /** Only verification codes have the rule of digits. */
  readonly type?: "verification" | "notice";
}

/** A message as a phone would show it, and what is known of it. */
export interface TakenSms {
  readonly to: string;
  readonly text: string;
  readonly templateId: string;
  readonly serialNo: string;
  readonly sessionContext: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

interface SendStatus {
  readonly SerialNo: string;
  readonly PhoneNumber: string;
  readonly Fee: number;
  readonly SessionContext: string;
  readonly Code: string;
  readonly Message: string;
  readonly IsoCode: string;
}

export interface SmsSending extends CloudProduct {
  /** What it took, oldest first. */
  readonly taken: TakenSms[];
  /** What the carriers have said so far, to be asked for. */
  readonly reports: KnownReport[];
  /** What it says of the next numbers instead of taking them, one code each, in this order. */
  readonly refuse: string[];
}

/** What a carrier said of a message. */
export interface KnownReport {
  readonly to: string;
  readonly serialNo: string;
  readonly isDelivered: boolean;
  readonly code: string;
}

const MOST_NUMBERS = 200;
const MOST_CONTEXT_BYTES = 511;
const RULES = {
  PhoneNumberSet: "strings!",
  SmsSdkAppId: "string!",
  TemplateId: "string!",
  SignName: "string",
  TemplateParamSet: "strings",
  ExtendCode: "string",
  SessionContext: "string",
  SenderId: "string",
} as const;

/** SendSms of API 2021-01-11. */
export function createSmsSending(
  account: SmsAccount,
  onTaken: (sms: TakenSms) => void = () => {},
): SmsSending {
  const taken: TakenSms[] = [];
  const refuse: string[] = [];
  const counters = createCounters(account.limits);
  const sendSms = (call: CloudCall) => {
    const order = readOrder(account, call);
    const statuses = order.numbers.map((number): SendStatus => {
      const code = refuse.shift() ?? counters.refusal(number, order.text, call.now);
      if (code !== undefined) return refused(number, order.sessionContext, code);
      const sms = {
        to: number,
        text: order.text,
        templateId: order.templateId,
        serialNo: `${order.isInternational ? 2020 : 5000}:${String(call.now)}${String(taken.length).padStart(8, "0")}`,
        sessionContext: order.sessionContext,
        at: call.now,
      };
      taken.push(sms);
      onTaken(sms);
      return accepted(sms, order.text);
    });
    return { SendStatusSet: statuses };
  };
  const reports: KnownReport[] = [];
  const actions = { SendSms: sendSms, PullSmsSendStatusByPhoneNumber: pullStatus(account, reports) };
  return { ...SMS, actions, taken, refuse, reports };
}

const PULL_RULES = {
  BeginTime: "integer!",
  Offset: "integer!",
  Limit: "integer!",
  PhoneNumber: "string!",
  SmsSdkAppId: "string!",
  EndTime: "integer",
} as const;
const WEEK_SECONDS = 7 * 86_400;
const PULLS_A_SECOND = 20;

/** PullSmsSendStatusByPhoneNumber: a hundred at most, of the last seven days; twenty calls a second, whatever clock a test has. */
function pullStatus({ sdkAppId }: SmsAccount, reports: readonly KnownReport[]) {
  const calledAt: number[] = [];
  return (call: CloudCall) => {
    calledAt.push(performance.now());
    const isHasty =
      performance.now() - (calledAt.at(-1 - PULLS_A_SECOND) ?? Number.NEGATIVE_INFINITY) < 1_000;
    if (isHasty) throw new CloudError("RequestLimitExceeded");
    checkParameters(call, PULL_RULES);
    const { BeginTime, Offset, Limit, PhoneNumber, SmsSdkAppId } = call.parameters;
    if (SmsSdkAppId !== sdkAppId) throw new CloudError("UnauthorizedOperation.SmsSdkAppIdVerifyFail");
    if (Offset !== 0) throw new CloudError("InvalidParameterValue.OffsetVerifyFail");
    if (Number(Limit) > 100) throw new CloudError("InvalidParameterValue.LimitVerifyFail");
    if (Number(BeginTime) < call.now / 1_000 - WEEK_SECONDS) {
      throw new CloudError("InvalidParameterValue.BeginTimeVerifyFail");
    }
    const known = reports.filter(({ to }) => to === PhoneNumber).slice(0, Number(Limit));
    return { PullSmsSendStatusSet: known.map((report) => statusOf(report, call.now)) };
  };
}

function statusOf({ to, serialNo, isDelivered, code }: KnownReport, now: number) {
  return {
    UserReceiveTime: Math.floor(now / 1_000),
    CountryCode: "86",
    SubscriberNumber: to.replace("+86", ""),
    PhoneNumber: to,
    SerialNo: serialNo,
    ReportStatus: isDelivered ? "SUCCESS" : "FAIL",
    Description: code,
    SessionContext: "",
  };
}

interface Order {
  readonly numbers: readonly string[];
  readonly text: string;
  readonly templateId: string;
  readonly sessionContext: string;
  readonly isInternational: boolean;
}

/** Everything that refuses the whole call. */
function readOrder(account: SmsAccount, call: CloudCall): Order {
  checkParameters(call, RULES);
  const { parameters } = call;
  const [sdkAppId, templateId] = [String(parameters.SmsSdkAppId), String(parameters.TemplateId)];
  const sessionContext = String(parameters.SessionContext ?? "");
  if (sdkAppId !== account.sdkAppId) throw new CloudError("UnauthorizedOperation.SmsSdkAppIdVerifyFail");
  if (Buffer.byteLength(sessionContext) > MOST_CONTEXT_BYTES) throw new CloudError("InvalidParameter");
  const { numbers, isInternational } = readNumbers(parameters.PhoneNumberSet as readonly string[]);
  const template = account.templates.find(({ id }) => id === templateId);
  if (!template) throw new CloudError("FailedOperation.TemplateIncorrectOrUnapproved");
  checkKind(template, isInternational);
  const signature = readSignature(account, parameters.SignName, isInternational);
  const filled = fill(template, (parameters.TemplateParamSet ?? []) as readonly string[]);
  const text = signature === undefined ? filled : `【${signature}】${filled}`;
  return { numbers, text, templateId, sessionContext, isInternational };
}

/** In E.164, those of mainland China also with 0086, with 86 or bare; all of one kind. */
function readNumbers(written: readonly string[]) {
  if (written.length === 0) throw new CloudError("MissingParameter.EmptyPhoneNumberSet");
  if (written.length > MOST_NUMBERS) throw new CloudError("LimitExceeded.PhoneNumberCountLimit");
  const numbers = written.map((number) => {
    const mainland = /^(?:\+86|0086|86)?(1\d{10})$/.exec(number)?.[1];
    if (mainland) return `+86${mainland}`;
    if (/^\+(?!86)[1-9]\d{5,14}$/.test(number)) return number;
    throw new CloudError("InvalidParameterValue.IncorrectPhoneNumber");
  });
  const foreign = numbers.filter((number) => !number.startsWith("+86"));
  if (foreign.length > 0 && foreign.length < numbers.length) {
    throw new CloudError("UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber");
  }
  return { numbers, isInternational: foreign.length > 0 };
}

function checkKind({ isInternational = false }: SmsTemplate, isToForeign: boolean): void {
  if (isToForeign && !isInternational) {
    throw new CloudError("UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone");
  }
  if (!isToForeign && isInternational) {
    throw new CloudError("UnsupportedOperation.GlobalTemplateToChineseMainlandPhone");
  }
}

function readSignature(account: SmsAccount, name: unknown, isInternational: boolean): string | undefined {
  if (name === undefined && isInternational) return undefined;
  if (typeof name === "string" && account.signatures.includes(name)) return name;
  throw new CloudError("FailedOperation.SignatureIncorrectOrUnapproved");
}

function fill({ content, type = "verification" }: SmsTemplate, values: readonly string[]): string {
  const variables = new Set(content.match(/\{\d+\}/g));
  if (variables.size !== values.length) {
    throw new CloudError("FailedOperation.TemplateParamSetNotMatchApprovedTemplate");
  }
  if (type === "verification" && !values.every((value) => /^\d{0,6}$/.test(value))) {
    throw new CloudError("InvalidParameterValue.TemplateParameterFormatError");
  }
  return content.replace(/\{(\d+)\}/g, (_, number) => values[Number(number) - 1] ?? "");
}

/** A long message is paid for in parts. */
function accepted({ to, serialNo, sessionContext }: TakenSms, text: string): SendStatus {
  return {
    SerialNo: serialNo,
    PhoneNumber: to,
    Fee: [...text].length <= 70 ? 1 : Math.ceil([...text].length / 67),
    SessionContext: sessionContext,
    Code: "Ok",
    Message: "send success",
    IsoCode: to.startsWith("+86") ? "CN" : "",
  };
}

function refused(number: string, sessionContext: string, code: string): SendStatus {
  return {
    SerialNo: "",
    PhoneNumber: number,
    Fee: 0,
    SessionContext: sessionContext,
    Code: code,
    Message: `${code}, says the stand-in.`,
    IsoCode: "",
  };
}
