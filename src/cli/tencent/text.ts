import type { Overview, Standing, Step, TencentKind } from "../../compose/tools/tencent.ts";
import { counted } from "../../core/counted.ts";
import { isNoticeKind, type NoticeKind } from "../../core/delivery/notice-kinds.ts";

type Status = Standing["status"];

const STATUS_WORDS: Readonly<Record<Status, string>> = {
  approved: "approved",
  pending: "approved, not yet with the carriers",
  in_review: "in review",
  rejected: "rejected",
  missing: "not there",
};

const DONE = { add: "submitted", resubmit: "submitted again", keep: "there" } as const;
const PLANNED = { add: "would submit", resubmit: "would submit again", keep: "there" } as const;

/** `submitted        template sign_in (id 110002): 您的…`; with the reviewer's words if it was rejected. */
export function planLine({ what, purpose, text, action, id, status, reply }: Step, isPlan: boolean): string {
  const verb = (isPlan ? PLANNED : DONE)[action].padEnd(20);
  const known = [id === undefined ? "" : `id ${id}`, status && action === "keep" ? STATUS_WORDS[status] : ""];
  const facts = known.filter((fact) => fact !== "").join(", ");
  const name = [what, purpose].filter((part) => part !== undefined).join(" ");
  return `${verb}${name}${facts && ` (${facts})`}: ${text}${words(reply)}`;
}

/**
 * The settings that name what was set up, in the form of an environment file.
 *
 * @param parameterCount how many parameters the templates for codes take; two is the default and not printed
 */
export function settingLines(steps: readonly Step[], kind: TencentKind, parameterCount: number): string[] {
  const prefix = kind === "international" ? "TENCENT_SMS_INTERNATIONAL" : "TENCENT_SMS";
  const lines = steps.flatMap(({ what, purpose = "", text, id }) => {
    if (what === "signature") return [`${prefix}_SIGN_NAME=${text}`];
    const suffix = purpose === "sign_in" ? "" : `_${purpose.toUpperCase()}`;
    const filling = isNoticeKind(purpose) ? noticeFilling(text) : codeFilling(parameterCount);
    return id === undefined ? [] : [`${prefix}_TEMPLATE_ID${suffix}=${id}${filling}`];
  });
  return ["Settings:", ...lines.map((line) => `  ${line}`)];
}

function codeFilling(parameterCount: number): string {
  return parameterCount === 1 ? ":code" : "";
}

function noticeFilling(text: string): string {
  return text.includes("{1}") ? ":stop" : "";
}

/** The notices that are not sent, because the settings name no template for them; empty if there are none. */
export function noticeLines(missing: readonly NoticeKind[]): string[] {
  if (missing.length === 0) return [];
  return [
    `notices    without a template, and so not sent: ${missing.join(", ")}`,
    "           phonekey tencent setup --notices all submits them",
  ];
}

export function standingLine({ what, name, id, status, reply }: Standing): string {
  const label = `${what.padEnd(11)}${String(id ?? "").padEnd(10)}`;
  return `${label}${name}: ${STATUS_WORDS[status]}${words(reply)}`;
}

function words(reply: string | undefined): string {
  return reply ? `\n${" ".repeat(20)}the reviewer says: ${reply}` : "";
}

/** The remaining messages, and what was sent; empty if no application is named. */
export function accountLines({ packages, statistics }: Overview): string[] {
  if (!packages || !statistics) {
    return ["Set TENCENT_SMS_SDK_APP_ID to see the balance and what was sent."];
  }
  const left = packages.reduce((sum, { amount, used }) => sum + Math.max(0, amount - used), 0);
  const until = packages.map(({ expiresAt }) => expiresAt).sort((a, b) => a - b)[0];
  const ends =
    until === undefined ? "" : `, the first package ends ${new Date(until).toISOString().slice(0, 10)}`;
  const { requested, accepted, charged } = statistics;
  return [
    `balance    ${counted(left, "message")} in ${counted(packages.length, "package")}${ends}`,
    `30 days    ${requested} sent, ${accepted} accepted, ${charged} charged`,
  ];
}
