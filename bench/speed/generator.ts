import autocannon from "autocannon";
import { build, type Histogram } from "hdr-histogram-js";
import type { Job, Sample } from "./job.ts";
import { type Context, headersOf, type Step, scenarioOf } from "./scenarios.ts";
import type { Answer } from "./wires.ts";

interface Tally {
  readonly times: Histogram;
  completed: number;
  failed: number;
  firstFailure?: Answer;
}

/** As autocannon takes a step: a request that it builds anew each time, and what is done with its answer. */
function requestOf(step: Step, isLast: boolean, tally: Tally): autocannon.Request {
  return {
    setupRequest(request, context: Context) {
      const sent = step.request(context);
      // Without a request it begins the scenario anew.
      if (!sent) return undefined as unknown as autocannon.Request;
      context.sentAt = performance.now();
      const body = sent.body && { body: JSON.stringify(sent.body) };
      return { ...request, method: sent.method, path: sent.path, headers: headersOf(sent), ...body };
    },
    onResponse(status, body, context: Context, headers) {
      tally.times.recordValue(Math.round((performance.now() - (context.sentAt ?? 0)) * 1_000));
      const answer = { status, body, headers: headers as Record<string, string> };
      if (!step.answered(answer, context)) {
        tally.failed += 1;
        tally.firstFailure ??= answer;
      } else if (isLast) tally.completed += 1;
    },
  };
}

async function run(job: Job): Promise<Sample> {
  const { prepare, steps } = scenarioOf(job);
  await prepare?.();
  const tally: Tally = { times: build(), completed: 0, failed: 0 };
  const requests = steps.map((step, index) => requestOf(step, index === steps.length - 1, tally));
  const [began, used] = [performance.now(), process.cpuUsage()];
  const share = Math.ceil(job.connections / job.urls.length);
  const cannons = job.urls.map((url) =>
    autocannon({ url, connections: share, duration: job.seconds, requests, excludeErrorStats: true }),
  );
  await Promise.all(cannons);
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(used);
  if (tally.firstFailure) console.error(job.kind, job.urls[0], tally.failed, tally.firstFailure);
  return {
    perSecond: tally.completed / seconds,
    failed: tally.failed,
    p50: tally.times.getValueAtPercentile(50) / 1_000,
    p99: tally.times.getValueAtPercentile(99) / 1_000,
    generatorMs: (user + system) / 1_000 / Math.max(1, tally.completed),
  };
}

process.on("message", async (job: Job) => {
  try {
    process.send?.({ sample: await run(job) });
  } catch (error) {
    process.send?.({ error: error instanceof Error ? error.message : String(error) });
  }
});
process.once("disconnect", () => process.exit());
