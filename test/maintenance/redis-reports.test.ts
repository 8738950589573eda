import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { maintenanceTools } from "../../src/compose/tools/maintenance.ts";
import { PHONE, start } from "../http/support.ts";
import { type RedisServer, startRedis } from "../support/services/redis.ts";
import { createTencentWorld } from "../tencent/support.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

/** How many messages the guard counts as open, under all of its keys. */
const open = () =>
  server
    .command("keys", "phonekey:{limits}:events:open:*")
    .split("\n")
    .filter((key) => key.trim() !== "").length;

/** A message that failed, which was not reported yet, and the tools for a tick of another process. */
async function failed() {
  server.command("flushall");
  const env = { STATE_URL: server.url, TENCENT_SMS_PULL_REPORTS: "true" };
  const { world, sms } = await createTencentWorld(env, { clock: { now: () => Date.now() - 75_000 } });
  await start(world);
  sms.reports.push({
    to: PHONE,
    serialNo: sms.taken[0]?.serialNo ?? "",
    isDelivered: false,
    code: "EXPIRED",
  });
  const tools = await maintenanceTools(world.config);
  onTestFinished(() => tools.close());
  return tools;
}

test("a tick beside the server takes a failed message out of the guard's counts in Redis", async () => {
  const tools = await failed();
  expect(open()).toBeGreaterThan(3);
  expect(await tools.tick()).toMatchObject({ done: { reports: 1 }, failures: [] });
  expect(open()).toBe(0);
});

test("a tick does all other work while Redis is away", async () => {
  const tools = await failed();
  await server.kill();
  const report = await tools.tick();
  expect(report).toMatchObject({ ran: true, failures: [{ task: "reports" }] });
  await server.restart();
}, 30_000);
