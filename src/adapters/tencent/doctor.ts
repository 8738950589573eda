import { doubtful, fine, wrong } from "../../core/maintenance/doctor.ts";
import type { Finding } from "../../core/maintenance/ports.ts";
import { TencentError } from "./errors.ts";
import { explainTencent } from "./explain.ts";
import type { TencentTemplate, TencentTexts } from "./sender.ts";
import type { BodyTemplate, ReviewStatus, Signature, SmsAdmin } from "./sms-admin.ts";

const MAY_NOT = /^(AuthFailure\.)?UnauthorizedOperation/;
/**
 * The cloud's refusals to show something: it shows it only to accounts with an organizational identity, and shows
 * templates to none of their sub-accounts.
 */
const NOT_SHOWN = /^FailedOperation\.(NotEnterpriseCertification|ProhibitSubAccountUse)$/;
const CLOCK = /^(AuthFailure\.SignatureExpire|InternalError\.RequestTimeException)$/;
const KEY_TODO = "Check TENCENT_SECRET_ID and TENCENT_SECRET_KEY; `phonekey tencent status` shows more.";

/**
 * Whether the cloud accepts our key and our clock, and has approved what the settings name for one kind of messages. An
 * account that may send but not look passes: then the rest cannot be checked.
 *
 * @param kind how findings call it, such as `SMS to Mainland China`
 */
export async function checkTexts(
  kind: string,
  admin: SmsAdmin,
  texts: TencentTexts,
): Promise<readonly Finding[]> {
  try {
    const signatures = await admin.signatures();
    const templates = await admin.templates();
    return [
      fine(kind, "the cloud takes the key and this machine's clock"),
      ...checkSignatures(kind, signatures, texts),
      ...checkTemplates(kind, templates, texts),
    ];
  } catch (error) {
    if (error instanceof TencentError) return [failure(kind, error)];
    throw error;
  }
}

function failure(kind: string, error: TencentError): Finding {
  const { code = "" } = error;
  if (NOT_SHOWN.test(code)) {
    return doubtful(
      kind,
      "the cloud shows this account no signatures and templates, so they cannot be checked",
      {
        todo: "Look at them in the SMS console.",
      },
    );
  }
  if (MAY_NOT.test(code)) {
    return doubtful(kind, "the key may not look at signatures and templates, so they cannot be checked", {
      todo: "Give its user the rights sms:DescribeSmsSignList and sms:DescribeSmsTemplateList.",
    });
  }
  return wrong(kind, explainTencent(error), todoOf(code));
}

/** Nothing for an error that is not about the clock or the key: its own text says what to do. */
function todoOf(code: string): Pick<Finding, "todo"> {
  if (CLOCK.test(code)) return { todo: "Let this machine take its time from an NTP server." };
  return code.startsWith("AuthFailure") ? { todo: KEY_TODO } : {};
}

function checkSignatures(kind: string, known: readonly Signature[], texts: TencentTexts): Finding[] {
  const own = Object.values(texts.templates).map(({ signature }) => signature);
  const names = [texts.signature, texts.template?.signature, ...own].filter((name) => name !== undefined);
  return [...new Set(names)].map((name) => {
    const part = `${kind}, signature`;
    const found = known.find((one) => one.name === name);
    return found ? reviewed(part, `${name}`, found) : notThere(part, `the signature ${name}`);
  });
}

function checkTemplates(kind: string, known: readonly BodyTemplate[], texts: TencentTexts): Finding[] {
  const usual = texts.template ? [["any purpose without its own", texts.template] as const] : [];
  const payees = texts.transactions.map((one) => [`confirm_transaction to ${one.payee}`, one] as const);
  return [...usual, ...Object.entries(texts.templates), ...payees].map(([use, template]) => {
    const part = `${kind}, template`;
    const found = known.find(({ id }) => String(id) === template.id);
    if (!found) return notThere(part, `${template.id} (for ${use})`);
    return found.status === "approved"
      ? filled(part, use, template, found)
      : reviewed(part, `${template.id} (for ${use})`, found);
  });
}

/** The cloud refuses every message whose parameters do not match its template. */
function filled(
  part: string,
  use: string,
  { id, parameters }: TencentTemplate,
  { text }: BodyTemplate,
): Finding {
  const count = new Set(text.match(/\{\d+\}/g) ?? []).size;
  if (count === parameters.length)
    return fine(part, `${id} (for ${use}) is approved and takes what we fill in`);
  const says = `${id} (for ${use}) has ${count} variables, and the settings fill ${parameters.length}`;
  return wrong(part, says, {
    todo: "Say behind a colon what fills them, such as 1110:code or 1110:minutes,code (docs/configuration.md).",
  });
}

const STANDING: Readonly<Record<ReviewStatus, string>> = {
  approved: "is approved",
  pending: "passed its review, but the carriers do not know it yet",
  in_review: "is still in review",
  rejected: "was rejected",
};

function reviewed(
  part: string,
  name: string,
  { status, reply }: Pick<Signature, "status" | "reply">,
): Finding {
  const says = `${name} ${STANDING[status]}${status === "rejected" && reply ? `: ${reply}` : ""}`;
  if (status === "approved") return fine(part, says);
  const todo =
    status === "rejected"
      ? "Correct it and run `phonekey tencent setup --resubmit`."
      : "Until it is approved no message goes out: `phonekey tencent status --watch` says when.";
  return wrong(part, says, { todo });
}

function notThere(part: string, what: string): Finding {
  return wrong(part, `${what} is not there`, { todo: "See `phonekey tencent status` for what there is." });
}
