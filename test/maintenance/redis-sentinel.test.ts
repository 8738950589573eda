import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { examineParts } from "../../src/compose/doctor/doctor.ts";
import { makeCertificates } from "../support/services/certificates.ts";
import { type SentinelSetup, startSentinels } from "../support/services/redis-sentinel.ts";
import { createWorld, type World } from "../support/world.ts";

const MINUTE = 60_000;

describe("STATE_URL=rediss+sentinel://…", () => {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-sentinel-"));
  let setup: SentinelSetup;
  let world: World;
  beforeAll(async () => {
    setup = await startSentinels(makeCertificates(folder, "localhost"));
    world = await createWorld({ env: { STATE_URL: setup.url, GUARD_MODE: "off" } });
  });
  afterAll(async () => {
    await world.close();
    await setup.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (phone: string) => (await world.post("/v1/verifications", { phone })).status;
  const ready = async () => (await world.request("/readyz")).status;
  const troubles = async () => {
    const findings = await examineParts(world.config, { folder: world.folder });
    return findings.filter(({ name, status }) => name.startsWith("Redis") && status !== "ok");
  };

  test("the doctor finds nothing wrong, and says that connections are encrypted", async () => {
    const findings = await examineParts(world.config, { folder: world.folder });
    expect(findings).toContainEqual(
      expect.objectContaining({ name: "Redis, encryption", says: expect.stringContaining("TLS") }),
    );
    expect(await troubles()).toEqual([]);
  });

  // T16: replication is asynchronous, so the new master may lack what the old one had answered.
  test("the machine with the master and a Sentinel dies: service comes back by itself and no limit refills", async () => {
    const phone = "+8613800138000";
    expect(await start(phone)).toBe(201);
    await setup.stopCopying();
    let sends = 1;
    for (world.clock.advance(65 * MINUTE); (await start(phone)) === 201; world.clock.advance(65 * MINUTE))
      sends += 1;
    expect(sends).toBe(6);

    await Promise.all([setup.master.kill(), setup.sentinels[0]?.kill()]);
    expect(await ready()).toBe(503);
    expect(await start("+8613800138001")).toBe(503);
    await expect.poll(ready, { timeout: 10_000, interval: 200 }).toBe(200);

    expect(await start(phone)).toBe(429);
    expect((await world.signIn("+8613800138002")).created).toBe(true);
    expect(await troubles()).toEqual([]);
  });
});
