import { setTimeout as wait } from "node:timers/promises";
import { createSmsClient } from "../../adapters/tencent/client.ts";
import { pullReports as askTencent } from "../../adapters/tencent/reports.ts";
import type { TencentSenderConfig } from "../../config/parts/tencent.ts";
import type { Config } from "../../config.ts";
import { pullReports } from "../../core/delivery/pull.ts";
import { noteEarlyReports, noteReports, type ReceiptDeps } from "../../core/delivery/receipts.ts";
import type { Turns } from "../../core/maintenance/ports.ts";
import type { Piece } from "../../core/maintenance/tick.ts";
import { tencentAccess } from "../route.ts";

/** For all requests of one tick together, so that it stays within its turn. */
const DEADLINE_MS = 15_000;
/** The pause between two calls: the cloud allows twenty a second (cloud.tencent.com/document/api/382/38773). */
const BETWEEN_MS = 60;

/** Whether a sender reports later what became of a message. */
export function hearsReports({ senders, smsWebhook }: Pick<Config, "senders" | "smsWebhook">): boolean {
  return smsWebhook !== undefined || senders.some(({ name }) => name === "tencent");
}

/**
 * The job that learns carriers' reports once a minute: from reports that came too early, and by asking if that is set.
 */
export function reportsJob(
  { senders }: Pick<Config, "senders">,
  deps: ReceiptDeps,
  turns: Turns,
): () => Promise<Piece> {
  const tencent = senders.find((sender) => sender.name === "tencent");
  const pull = tencent?.pullsReports ? pullFrom(tencent, deps, turns) : async () => 0;
  return async () => {
    const { count, isLast } = await noteEarlyReports(deps);
    return { count: count + (await pull()), isLast };
  };
}

/** Makes the function that asks the cloud for reports, and resolves with how many were noted. */
function pullFrom(tencent: TencentSenderConfig, deps: ReceiptDeps, turns: Turns): () => Promise<number> {
  const { name: sender, sdkAppId } = tencent;
  const client = createSmsClient(tencentAccess(tencent));
  let isTime: Promise<unknown> = Promise.resolve();
  return async () => {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    return await pullReports({
      ...deps,
      turns,
      sender,
      ask: async (phone, since) => {
        await isTime;
        isTime = wait(BETWEEN_MS);
        return await askTencent(client, sdkAppId, { phone, since }, signal);
      },
      note: (reports) => noteReports(deps, sender, reports),
    });
  };
}
