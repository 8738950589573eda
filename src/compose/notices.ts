import type { Config } from "../config.ts";
import { NOTICE_KINDS } from "../core/delivery/notice-kinds.ts";
import { doubtful } from "../core/maintenance/doctor.ts";
import type { Finding } from "../core/maintenance/ports.ts";
import type { Log } from "../http/context.ts";

/**
 * The settings for templates of notices that are not set. A notice without a template is not sent, unless another
 * sender carries every text.
 */
function missingNoticeTemplates({ senders, tencent }: Config): readonly string[] {
  if (senders.some(({ name }) => name !== "tencent")) return [];
  const kinds = [
    { name: "TENCENT_SMS", texts: tencent.mainland },
    { name: "TENCENT_SMS_INTERNATIONAL", texts: tencent.international },
  ];
  return kinds
    .filter(({ texts }) => texts.template)
    .flatMap(({ name, texts }) =>
      NOTICE_KINDS.filter((kind) => !texts.templates[kind]).map(
        (kind) => `${name}_TEMPLATE_ID_${kind.toUpperCase()}`,
      ),
    );
}

/** Warns at every start of notices that are not sent. */
export function tellMissingNotices(config: Config, log: Log): void {
  const missing = missingNoticeTemplates(config);
  if (missing.length > 0) log.warn({ missing }, `notices without a template are not sent; ${KEPT_NUMBERS}`);
}

const KEPT_NUMBERS = "no account moves to another number if its former one could not be told";

/** What the doctor says of notices that are not sent. */
export function checkNotices(config: Config): Finding[] {
  const missing = missingNoticeTemplates(config);
  if (missing.length === 0) return [];
  const says = `those without a template are not sent (not set: ${missing.join(", ")}); ${KEPT_NUMBERS}`;
  return [
    doubtful("notices", says, {
      todo: "Run `phonekey tencent setup --notices all`, and set what it prints once that is approved (docs/accounts.md).",
    }),
  ];
}
