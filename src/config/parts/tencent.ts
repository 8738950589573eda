import type { z } from "zod";
import type { NoticeKind } from "../../core/delivery/notice-kinds.ts";
import { apiOrigin } from "../formats/addresses.ts";
import { credential, flag } from "../formats/format.ts";
import {
  callbackSecrets,
  internationalSignature,
  noticeTemplate,
  region,
  sdkAppId,
  senderId,
  signature,
  type Template,
  type TransactionTemplate,
  template,
  transactionTemplates,
} from "../formats/tencent.ts";
import { optional, required, withDefault } from "../setting.ts";

/** The access to Tencent Cloud, and the texts of its SMS. */
export interface TencentConfig {
  /** Absent if the role of a function brings keys. */
  readonly credential?: { readonly secretId: string; readonly secretKey: string };
  readonly region: string;
  /** An origin to connect to instead of the SMS API's own host. */
  readonly smsEndpoint?: string;
  /** The commands that set the cloud up do without it. */
  readonly sdkAppId?: string;
  readonly callbackSecrets: readonly string[];
  readonly pullsReports: boolean;
  /** For numbers of mainland China. */
  readonly mainland: TencentTexts;
  /** For all others, those of Hong Kong, Macao and Taiwan among them. */
  readonly international: TencentTexts;
}

/** The sender `tencent`. */
export interface TencentSenderConfig extends TencentConfig {
  readonly name: "tencent";
  readonly sdkAppId: string;
}

/** The approved texts of one of the cloud's two kinds of SMS. */
export interface TencentTexts {
  readonly signature?: string;
  /** Only with international texts, if the operator has been given one. */
  readonly senderId?: string;
  /** For every use that has none of its own. */
  readonly template?: Template;
  /** By purpose or notice, such as `reset_password`. */
  readonly templates: Readonly<Record<string, Template>>;
  /** The templates that say a transaction: each names one payee. */
  readonly transactions: readonly TransactionTemplate[];
}

/** The two halves of an API key: both are needed. */
export const TENCENT_KEY = ["TENCENT_SECRET_ID", "TENCENT_SECRET_KEY"] as const;

/** The purposes that may have a template of their own, spelt as the end of a variable's name. */
const PURPOSES = [
  "RESET_PASSWORD",
  "SECOND_FACTOR",
  "VERIFY_IDENTITY",
  "TEMPORARY_PASSWORD",
  "CHANGE_PHONE",
  "DELETE_ACCOUNT",
] as const;

/** The notices, each of which needs a template of its own to be sent. */
const NOTICES = [
  "PASSWORD_CHANGED",
  "PASSWORD_RESET",
  "FACTOR_ADDED",
  "FACTOR_REMOVED",
  "RECOVERY_CODE_USED",
  "LOGIN_PROTECTION_OFF",
  "PHONE_CHANGE_STARTED",
  "PHONE_CHANGED",
] as const satisfies readonly Uppercase<NoticeKind>[];

const USES = [...PURPOSES, ...NOTICES] as const;

type Use = (typeof USES)[number];
type Kind = "TENCENT_SMS" | "TENCENT_SMS_INTERNATIONAL";

const PART = "Tencent Cloud";
const NO_TRANSACTIONS = "none; starts of `confirm_transaction` are refused";
const TRANSACTIONS =
  "The approved templates for `confirm_transaction`. Each names one payee and one currency; its variables are the code and the amount, `whole` before and `fraction` after the point.";
const NEEDED = "none; the sender `tencent` needs it";

export const tencentVariables = {
  TENCENT_SECRET_ID: optional(credential, "none; on SCF the function's role brings keys", {
    part: PART,
    sentence:
      "The id of the API key for calling Tencent Cloud; use one of a sub-account that may do nothing else.",
  }),
  TENCENT_SECRET_KEY: optional(credential, "none; as above", {
    part: PART,
    sentence: "The secret of that API key.",
  }),
  TENCENT_REGION: withDefault(region, "ap-guangzhou", {
    part: PART,
    sentence: "The region whose API is called.",
  }),
  TENCENT_SMS_SDK_APP_ID: optional(sdkAppId, NEEDED, {
    part: PART,
    sentence: "The SDKAppID of your application in the SMS console.",
  }),
  TENCENT_SMS_SIGN_NAME: optional(signature, "none; messages to mainland China need it", {
    part: PART,
    sentence: "The approved signature of messages to mainland China: its text, not its ID.",
  }),
  TENCENT_SMS_TEMPLATE_ID: optional(template(signature), "none; messages to mainland China need it", {
    part: PART,
    sentence:
      "The approved template of messages to mainland China: its ID; after a colon what fills its variables (`code` and `minutes` in their order, or `none`), unless that is `code,minutes`; after another colon its signature, unless that is `TENCENT_SMS_SIGN_NAME`.",
  }),
  ...templateVariables("TENCENT_SMS"),
  TENCENT_SMS_TEMPLATE_ID_CONFIRM_TRANSACTION: optional(transactionTemplates, NO_TRANSACTIONS, {
    part: PART,
    sentence: TRANSACTIONS,
  }),
  TENCENT_SMS_INTERNATIONAL_SIGN_NAME: optional(internationalSignature, "none", {
    part: PART,
    sentence: "The approved signature of messages to all other numbers, if you have one.",
  }),
  TENCENT_SMS_INTERNATIONAL_SENDER_ID: optional(senderId, "the cloud's own", {
    part: PART,
    sentence: "The sender id of those messages, if you have been given one.",
  }),
  TENCENT_SMS_INTERNATIONAL_TEMPLATE_ID: optional(
    template(internationalSignature),
    "none; messages to other numbers need it",
    {
      part: PART,
      sentence:
        "The approved template of messages to all numbers outside mainland China, including Hong Kong, Macao and Taiwan.",
    },
  ),
  ...templateVariables("TENCENT_SMS_INTERNATIONAL"),
  TENCENT_SMS_INTERNATIONAL_TEMPLATE_ID_CONFIRM_TRANSACTION: optional(transactionTemplates, NO_TRANSACTIONS, {
    part: PART,
    sentence: TRANSACTIONS,
  }),
  TENCENT_SMS_CALLBACK_SECRETS: withDefault(callbackSecrets, "", {
    part: PART,
    sentence:
      "The secret part of the addresses for delivery reports and replies: `PUBLIC_URL/callbacks/tencent/SECRET/status` and `…/reply`. To rotate it, put a new one in front, change the addresses in the console, then remove the old one. Make one with `openssl rand -hex 24`.",
  }),
  TENCENT_SMS_PULL_REPORTS: withDefault(flag, "false", {
    part: PART,
    sentence:
      "`true` asks the cloud for delivery reports instead, if it cannot reach this server; at most about a hundred messages a minute.",
  }),
  TENCENT_SMS_ENDPOINT: optional(apiOrigin, "the SMS API's own host", {
    part: PART,
    sentence:
      "Another address of the SMS API: one of the cloud's other hosts, such as `https://sms.intl.tencentcloudapi.com`, or a private link.",
  }),
};

/** One variable a use, such as `TENCENT_SMS_TEMPLATE_ID_RESET_PASSWORD`. */
function templateVariables<const K extends Kind>(kind: K) {
  const signed = kind === "TENCENT_SMS" ? signature : internationalSignature;
  const purposes = PURPOSES.map((use) => [
    `${kind}_TEMPLATE_ID_${use}`,
    optional(template(signed), `\`${kind}_TEMPLATE_ID\``, {
      part: PART,
      sentence: `The approved template for \`${use.toLowerCase()}\`, if it has its own.`,
    }),
  ]);
  const notices = NOTICES.map((use) => [
    `${kind}_TEMPLATE_ID_${use}`,
    optional(noticeTemplate(signed), "none; this notice is not sent", {
      part: PART,
      sentence: `The approved template of the notice \`${use.toLowerCase()}\`${use === "PHONE_CHANGE_STARTED" ? "; its variable, if it has one, is filled with `stop`, the end of the address `PUBLIC_URL/stop/…` that stops the change" : ""}.`,
    }),
  ]);
  type Variable = ReturnType<typeof optional<Template>>;
  return Object.fromEntries([...purposes, ...notices]) as Record<`${K}_TEMPLATE_ID_${Use}`, Variable>;
}

type Values = z.output<z.ZodObject<typeof tencentVariables>>;

export function arrangeTencent(values: Values): TencentConfig {
  const { TENCENT_SECRET_ID: secretId, TENCENT_SECRET_KEY: secretKey } = values;
  const { TENCENT_SMS_ENDPOINT: smsEndpoint, TENCENT_SMS_SDK_APP_ID: sdkAppId } = values;
  return {
    ...(secretId && secretKey && { credential: { secretId, secretKey } }),
    region: values.TENCENT_REGION,
    ...(smsEndpoint && { smsEndpoint }),
    ...(sdkAppId && { sdkAppId }),
    callbackSecrets: values.TENCENT_SMS_CALLBACK_SECRETS,
    pullsReports: values.TENCENT_SMS_PULL_REPORTS,
    mainland: textsOf(values, "TENCENT_SMS"),
    international: textsOf(values, "TENCENT_SMS_INTERNATIONAL"),
  };
}

export function arrangeTencentSender(values: Values): TencentSenderConfig {
  const sdkAppId = required(values.TENCENT_SMS_SDK_APP_ID);
  return { name: "tencent", ...arrangeTencent(values), sdkAppId };
}

function textsOf(values: Values, kind: Kind): TencentTexts {
  const signature = values[`${kind}_SIGN_NAME`];
  const senderId = kind === "TENCENT_SMS" ? undefined : values[`${kind}_SENDER_ID`];
  const template = values[`${kind}_TEMPLATE_ID`];
  const own = USES.flatMap((use) => {
    const one = values[`${kind}_TEMPLATE_ID_${use}`];
    return one ? [[use.toLowerCase(), one] as const] : [];
  });
  return {
    ...(signature && { signature }),
    ...(senderId && { senderId }),
    ...(template && { template }),
    templates: Object.fromEntries(own),
    transactions: values[`${kind}_TEMPLATE_ID_CONFIRM_TRANSACTION`] ?? [],
  };
}
