import { examineAll } from "../cli/examination.ts";
import { describeFailure } from "../cli/failure.ts";
import { settings } from "../cli/settings.ts";
import { runTick, tickAsJson } from "../cli/ticks.ts";
import { importFromDemo, transferTools } from "../compose/transfer.ts";
import { migrateDatabase } from "../compose.ts";
import type { Config } from "../config.ts";
import { type Order, readOrder } from "./order.ts";

interface TimedContext {
  callbackWaitsForEmptyEventLoop?: boolean;
  getRemainingTimeInMillis?(): number;
}

/** An import ends between two batches when this is left of the function's time; the next one goes on. */
const SPARE_MS = 15_000;

/**
 * `maintenance.main_handler`: periodic work by a timer, the rest by the console's test. What is no order is answered
 * with why; what fails is thrown, without a value of any setting, so that the platform counts it.
 */
export async function main_handler(event: unknown, context: TimedContext = {}): Promise<object> {
  context.callbackWaitsForEmptyEventLoop = false;
  const order = readOrder(event);
  if (typeof order === "string") return { ok: false, error: order };
  const isTimeUp = () => (context.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY) < SPARE_MS;
  try {
    return await carryOut(order, isTimeUp);
  } catch (error) {
    throw new Error(describeFailure(error));
  }
}

async function carryOut(order: Order, isTimeUp: () => boolean): Promise<object> {
  if (order.action === "doctor") {
    const findings = await examineAll({ onScf: true });
    return { ok: !findings.some(({ status }) => status === "wrong"), findings };
  }
  const config = settings({ onScf: true });
  if (order.action === "migrate") return { ok: true, ...(await migrateDatabase(config, order)) };
  return order.action === "import" ? await importUsers(config, order.table, isTimeUp) : await tick(config);
}

async function tick(config: Config): Promise<object> {
  const report = await runTick(config);
  if (report.ran && report.failures.length > 0) throw report.failures[0]?.error;
  return { ok: true, ...tickAsJson(report) };
}

/** From the demo's table, which is in the database of `IMPORT_DATABASE_URL`, or in our own. */
async function importUsers(config: Config, table: string, isTimeUp: () => boolean): Promise<object> {
  const tools = await transferTools(config);
  try {
    const notes: string[] = [];
    const imported = await importFromDemo(config, tools, table, {
      onNote: ({ place, kind, refusal }) =>
        notes.push(`${place}: ${kind}: ${refusal.detail ?? refusal.code}`),
      onProgress: () => {},
      isStopped: isTimeUp,
    });
    return { ok: imported.complete, ...imported, notes: notes.slice(0, MOST_NOTES) };
  } finally {
    await tools.close();
  }
}

/** The platform keeps an answer in its log, which takes no long ones. */
const MOST_NOTES = 50;
