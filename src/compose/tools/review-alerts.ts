import { createSqlStores } from "../../adapters/sql/stores.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { systemRandom } from "../../adapters/system/random.ts";
import type { Standing } from "../../adapters/tencent/overview.ts";
import type { Config } from "../../config.ts";
import { createAlerts } from "../../core/alerts/alerts.ts";
import type { AlertKind } from "../../core/alerts/kinds.ts";
import { openMigrated } from "../database.ts";
import type { TencentKind } from "./tencent.ts";

const KINDS: Readonly<Record<Standing["what"], AlertKind>> = {
  signature: "sms_signature",
  template: "sms_template",
};
/** A reviewer's words may be long; the beginning tells. */
const MOST_REPLY = 200;

/**
 * Alerts the operator of what was rejected or does not exist, and ends the alert once it is approved. Alerts are stored
 * in the database, each once, and the periodic work posts them. Rejects if they cannot be stored.
 */
export async function alertOfReviews(
  config: Config,
  standings: readonly Standing[],
  kind: TencentKind,
): Promise<void> {
  const database = await openMigrated(config);
  const failures: unknown[] = [];
  try {
    const { alertStore: store } = createSqlStores(database, { clock: systemClock, onStaleKey: () => {} });
    const alerts = createAlerts({
      store,
      clock: systemClock,
      random: systemRandom,
      onChange: () => {},
      onError: (error) => failures.push(error),
    });
    for (const standing of standings) {
      const { what, name, id, status, reply } = standing;
      const subject = `tencent/${kind}/${what}/${id ?? name}`;
      const detail = { review: status, ...(reply && { reply: reply.slice(0, MOST_REPLY) }) };
      if (status === "approved") await alerts.clear(KINDS[what], subject);
      if (status === "rejected" || status === "missing") await alerts.raise(KINDS[what], subject, detail);
    }
  } finally {
    await database.close();
  }
  if (failures.length > 0) throw failures[0];
}
