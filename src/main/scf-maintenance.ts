import { examineAll } from "../cli/examination.ts";
import { describeFailure } from "../cli/failure.ts";
import { settings } from "../cli/settings.ts";
import { runTick, SPARE_MS, tickAsJson } from "../cli/tick/ticks.ts";
import { withTools } from "../cli/tools.ts";
import { importFromDemo, transferTools } from "../compose/tools/transfer.ts";
import { migrateDatabase } from "../compose.ts";
import type { Config } from "../config.ts";
import type { ScfContext } from "./handler.ts";
import { type Order, readOrder } from "./order.ts";

interface TimedContext extends ScfContext {
  getRemainingTimeInMillis?(): number;
}

/**
 * The most notes of an import in an answer: the platform writes answers to its log, which does not accept long ones.
 */
const MOST_NOTES = 50;

/**
 * `maintenance.main_handler`: a timer orders the periodic work, and a test event of the console everything else. An
 * event that is no order is answered with the reason. A failure is thrown, so that the platform counts it. Its message
 * contains no value of any setting.
 */
export async function main_handler(event: unknown, context: TimedContext = {}): Promise<object> {
  context.callbackWaitsForEmptyEventLoop = false;
  const order = readOrder(event);
  if (typeof order === "string") return { ok: false, error: order };
  const timeLeftMs = () => context.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY;
  try {
    return await carryOut(order, timeLeftMs);
  } catch (error) {
    throw new Error(describeFailure(error));
  }
}

async function carryOut(order: Order, timeLeftMs: () => number): Promise<object> {
  if (order.action === "doctor") return await examine();
  const config = settings({ onScf: true });
  switch (order.action) {
    case "migrate":
      return { ok: true, ...(await migrateDatabase(config, order)) };
    case "import":
      // It ends between two batches; the next one goes on.
      return await importUsers(config, order.table, () => timeLeftMs() < SPARE_MS);
    case "tick":
      return await tick(config, timeLeftMs);
  }
}

/** Reads the settings itself, because invalid settings are findings, too. */
async function examine(): Promise<object> {
  const findings = await examineAll({ onScf: true });
  return { ok: !findings.some(({ status }) => status === "wrong"), findings };
}

async function tick(config: Config, timeLeftMs: () => number): Promise<object> {
  const report = await runTick(config, timeLeftMs);
  if (report.ran && report.failures.length > 0) throw report.failures[0]?.error;
  return { ok: true, ...tickAsJson(report) };
}

/** Imports from the demo's table, which is in the database of `IMPORT_DATABASE_URL`, or otherwise in our own. */
function importUsers(config: Config, table: string, isTimeUp: () => boolean): Promise<object> {
  return withTools(transferTools(config), async (tools) => {
    const notes: string[] = [];
    const imported = await importFromDemo(config, tools, table, {
      onNote({ place, kind, refusal }) {
        if (notes.length < MOST_NOTES) notes.push(`${place}: ${kind}: ${refusal.detail ?? refusal.code}`);
      },
      onProgress: () => {},
      isStopped: isTimeUp,
    });
    return { ok: imported.complete, ...imported, notes };
  });
}
