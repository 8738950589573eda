import { setTimeout as sleep } from "node:timers/promises";
import type { SendSmsRequest } from "tencentcloud-sdk-nodejs-sms/tencentcloud/services/sms/v20210111/sms_models.js";
import { isNoticeKind } from "../../core/delivery/notice-kinds.ts";
import type { MessageOutline, SendOutcome, SmsMessage, SmsSender } from "../../core/delivery/ports.ts";
import { countryOf } from "../../core/phone.ts";
import type { Clock } from "../../core/ports.ts";
import type { Transaction } from "../../core/transaction.ts";
import type { TencentClient } from "./client.ts";
import { type Line, outcomeOfAnswer, outcomeOfError, refusedFor } from "./outcomes.ts";

export interface TencentSenderSettings {
  readonly sdkAppId: string;
  readonly mainland: TencentTexts;
  /** For all numbers outside mainland China, those of Hong Kong, Macao and Taiwan among them. */
  readonly international: TencentTexts;
}

/** The approved texts of one of the cloud's two kinds of SMS. */
export interface TencentTexts {
  readonly signature?: string;
  readonly senderId?: string;
  /** For every purpose that has none of its own. */
  readonly template?: TencentTemplate;
  readonly templates: Readonly<Record<string, TencentTemplate>>;
  /** The templates that say a transaction: each names one payee. */
  readonly transactions: readonly TransactionTemplate[];
}

export interface TencentTemplate {
  readonly id: string;
  /** What fills its variables, in their order. */
  readonly parameters: readonly ("code" | "minutes" | "stop" | "whole" | "fraction")[];
  readonly signature?: string;
}

/** A text that names a payee and a currency. Its variables are the amount before and after the decimal point. */
export interface TransactionTemplate extends TencentTemplate {
  readonly currency: string;
  readonly payee: string;
}

export interface TencentSenderDeps {
  readonly client: TencentClient;
  readonly settings: TencentSenderSettings;
  readonly clock: Clock;
}

/** Before the second try. */
const PAUSE_MS = 200;
/** The most digits that a variable of a verification template accepts. */
const MOST_DIGITS = 6;
/** The cloud refuses the same content to the same number within 30 seconds, by its own clock. */
const RESEND_FLOOR_SECONDS = 35;

/**
 * Sends by Tencent Cloud's SendSms. The API has no token that makes a repeated call harmless. So only a message that
 * certainly was not sent is tried again, once. A call that ends without an answer after its request left is `unknown`.
 */
export function createTencentSender(deps: TencentSenderDeps): SmsSender {
  return {
    name: "tencent",
    maxCodeLength: MOST_DIGITS,
    resendFloorSeconds: RESEND_FLOOR_SECONDS,
    templatesOnly: true,
    carries: (message) => templateFor(deps.settings[kindOf(message)], message) !== undefined,
    holdsNumbers: true,
    async send(message, deadline) {
      const signal = deadline.signal();
      const first = await attempt(deps, message, signal);
      if (first.status !== "unavailable") return first;
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => {});
      return signal.aborted ? first : await attempt(deps, message, signal);
    },
  };
}

async function attempt(
  { client, settings, clock }: TencentSenderDeps,
  message: SmsMessage,
  signal: AbortSignal,
): Promise<SendOutcome> {
  const kind = kindOf(message);
  const account = `tencent/${kind}`;
  const country = `${account}/${countryOf(message.to) ?? "unknown"}`;
  const line: Line = { account, country, text: `${account}/${message.purpose}` };
  const request = requestFor(settings[kind], settings.sdkAppId, message);
  if (!request) return refusedFor({ kind: "sms_template", providerCode: "no_template" }, line);
  return await client.call("SendSms", request, signal).then(
    (answer) => outcomeOfAnswer(answer, line, clock.now()),
    (error: unknown) => outcomeOfError(error, line, clock.now()),
  );
}

function kindOf({ to }: Pick<SmsMessage, "to">): "mainland" | "international" {
  return to.startsWith("+86") ? "mainland" : "international";
}

/** A notice or a transaction has a text of its own or none: the usual text is about a code. */
function templateFor(
  { templates, template, transactions }: TencentTexts,
  { purpose, transaction }: MessageOutline,
): TencentTemplate | undefined {
  if (purpose === "confirm_transaction") return transaction && fitting(transactions, transaction);
  return templates[purpose] ?? (isNoticeKind(purpose) ? undefined : template);
}

/** The text that states exactly this transaction: none rounds an amount or leaves a part of it out. */
function fitting(
  templates: readonly TransactionTemplate[],
  { amount, currency, payee }: Transaction,
): TransactionTemplate | undefined {
  const [whole = "", fraction = ""] = amount.split(".");
  if (whole.length > MOST_DIGITS) return undefined;
  const saysFraction = ({ parameters }: TransactionTemplate) => parameters.includes("fraction");
  return templates.find(
    (template) =>
      template.currency === currency &&
      template.payee === payee &&
      (fraction === "" ? !saysFraction(template) : saysFraction(template) || /^0+$/.test(fraction)),
  );
}

/** The request to SendSms; undefined if there is no text for this message. */
function requestFor(texts: TencentTexts, sdkAppId: string, message: SmsMessage): SendSmsRequest | undefined {
  const template = templateFor(texts, message);
  if (!template) return undefined;
  const signature = template.signature ?? texts.signature;
  const { code = "", minutes = "", stopCode: stop = "", transaction } = message;
  const [whole = "", fraction = ""] = transaction?.amount.split(".") ?? [];
  const filling = { code, minutes: String(minutes), stop, whole, fraction };
  return {
    PhoneNumberSet: [message.to],
    SmsSdkAppId: sdkAppId,
    TemplateId: template.id,
    TemplateParamSet: template.parameters.map((name) => filling[name]),
    SessionContext: message.id,
    ...(signature && { SignName: signature }),
    ...(texts.senderId && { SenderId: texts.senderId }),
  };
}
