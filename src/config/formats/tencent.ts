import { parseTransaction } from "../../core/transaction.ts";
import { type Format, format, list } from "./format.ts";

/** What a template's variables are filled with. */
export type TemplateParameter = "code" | "minutes" | "stop";

/** An approved text of Tencent Cloud, and the values of its variables `{1}`, `{2}` in this order. */
export interface Template {
  readonly id: string;
  readonly parameters: readonly TemplateParameter[];
  /** Set if this text has another signature than the others. */
  readonly signature?: string;
}

/**
 * An approved text that names a payee, and the values of its variables: for an amount, its parts before and after the
 * decimal point.
 */
export interface TransactionTemplate {
  readonly id: string;
  readonly parameters: readonly (TemplateParameter | "whole" | "fraction")[];
  readonly currency: string;
  readonly payee: string;
}

export const region: Format<string> = format("a region such as `ap-guangzhou`", (text) =>
  /^[a-z]{2,3}(-[a-z0-9]{2,20}){1,3}$/.test(text) ? text : undefined,
);

export const sdkAppId: Format<string> = format("the digits of an SDKAppID such as `1400006666`", (text) =>
  /^\d{4,16}$/.test(text) ? text : undefined,
);

/** Newer ones are beyond nine digits. */
export const captchaAppId: Format<string> = format(
  "the digits of a CaptchaAppId such as `1234567890`",
  (text) => (/^[1-9]\d{0,11}$/.test(text) ? text : undefined),
);

export const senderId: Format<string> = format("2 to 15 letters or digits", (text) =>
  /^[A-Za-z0-9]{2,15}$/.test(text) ? text : undefined,
);

/** The cloud adds the brackets. With brackets in the setting, the signature would be one that nobody approved. */
export const signature: Format<string> = format("the text of a signature, without 【】 and spaces", (text) =>
  isSignature(text) && !text.includes(" ") ? text : undefined,
);

export const internationalSignature: Format<string> = format(
  "the text of a signature, without 【】",
  (text) => (isSignature(text) ? text : undefined),
);

/** Parts of addresses, long enough that nobody guesses one. */
export const callbackSecrets: Format<readonly string[]> = list(
  format("24 to 128 letters, digits, `-` or `_`", (text) =>
    /^[A-Za-z0-9_-]{24,128}$/.test(text) ? text : undefined,
  ),
  "random texts of 24 to 128 letters, digits, `-` or `_`, separated by commas",
);

/** @param signed how a signature of its own is written */
export function template(signed: Format<string>): Format<Template> {
  return format(
    "the digits of a template's ID, such as `1110`, `1110:minutes,code` or `1110:code:OtherSignature`",
    (text) => readTemplate(text, { names: ["code", "minutes"], usual: "code,minutes", signed }),
  );
}

/** The text of a notice has no variables, except for what stops the announced change. */
export function noticeTemplate(signed: Format<string>): Format<Template> {
  return format(
    "the digits of a template's ID, such as `1110`, `1110:stop` or `1110:none:OtherSignature`",
    (text) => readTemplate(text, { names: ["stop"], usual: "none", signed }),
  );
}

const TRANSACTION_PARAMETERS = ["code", "minutes", "whole", "fraction"] as const;

export const transactionTemplates: Format<readonly TransactionTemplate[]> = format(
  "`;` between `ID:filling:currency:payee`, such as `1120:code,whole,fraction:CNY:Example Shop`, with `code`, `whole` and, as the text has them, `fraction` and `minutes` in the filling",
  (text) => {
    const templates = text.split(";").map((entry) => readTransactionTemplate(entry.trim()));
    const known = templates.filter((template) => template !== undefined);
    return known.length === templates.length ? known : undefined;
  },
);

function readTransactionTemplate(text: string): TransactionTemplate | undefined {
  const [, id = "", filling = "", currency = "", payee = ""] =
    /^(\d{1,16}):([a-z,]+):([A-Z]{3}):(.+)$/u.exec(text) ?? [];
  const names = filling.split(",");
  const parameters = names.flatMap((name) => TRANSACTION_PARAMETERS.filter((one) => one === name));
  const saysAll = parameters.includes("code") && parameters.includes("whole");
  const isRight = id !== "" && saysAll && parameters.length === names.length;
  // What no transaction can name would never fit.
  const example = parseTransaction({ amount: "1", currency, payee });
  return isRight && example.ok ? { id, parameters, currency, payee } : undefined;
}

interface Reading {
  readonly names: readonly TemplateParameter[];
  /** The parameters that fill it if none are given. */
  readonly usual: string;
  readonly signed: Format<string>;
}

function readTemplate(text: string, { names, usual, signed }: Reading): Template | undefined {
  const [id = "", filling = "", signature, ...rest] = text.split(":");
  const parameters = readParameters(filling || usual, names);
  if (!/^\d{1,16}$/.test(id) || !parameters || rest.length > 0) return undefined;
  if (signature === undefined) return { id, parameters };
  return signed.read(signature).ok ? { id, parameters, signature } : undefined;
}

function readParameters(
  text: string,
  names: readonly TemplateParameter[],
): readonly TemplateParameter[] | undefined {
  if (text === "none") return [];
  const known = text.split(",").map((name) => names.find((one) => one === name));
  const parameters = known.filter((name) => name !== undefined);
  return parameters.length === known.length ? parameters : undefined;
}

/** A signature; one of Global SMS may have spaces between words. */
function isSignature(text: string): boolean {
  return [...text].length <= 40 && /^[^【】[\]\p{C}\p{Z}]+( [^【】[\]\p{C}\p{Z}]+)*$/u.test(text);
}
