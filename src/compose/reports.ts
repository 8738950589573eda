import { createSmsClient } from "../adapters/tencent/client.ts";
import { pullReports as askTencent } from "../adapters/tencent/reports.ts";
import type { Config } from "../config.ts";
import { pullReports } from "../core/delivery/pull.ts";
import {
  type CarrierReport,
  noteEarlyReports,
  noteReports,
  type ReceiptDeps,
} from "../core/delivery/receipts.ts";
import type { Turns } from "../core/maintenance/ports.ts";
import { type Piece, TICK } from "../core/maintenance/tick.ts";
import { tencentAccess } from "./route.ts";

const DEADLINE_MS = 5_000;
const SENDER = "tencent";

/** What learns what carriers say, once a minute: of reports that came too early, and by asking where that is set. */
export function reportingOf(
  tencent: Config["tencent"],
  deps: ReceiptDeps,
  turns: Pick<Turns, "finishedAt">,
): () => Promise<Piece> {
  const { sdkAppId = "" } = tencent;
  const client = createSmsClient(tencentAccess(tencent));
  const pull = {
    ...deps,
    sender: SENDER,
    ask: (phone: Parameters<typeof askTencent>[2]["phone"], since: number) =>
      askTencent(client, sdkAppId, { phone, since }, AbortSignal.timeout(DEADLINE_MS)),
    note: (reports: readonly CarrierReport[]) => noteReports(deps, SENDER, reports),
    lastAt: () => turns.finishedAt(TICK),
  };
  return async () => {
    const early = await noteEarlyReports(deps, SENDER);
    const pulled = tencent.pullsReports ? await pullReports(pull) : 0;
    return { count: early + pulled, isLast: true };
  };
}
