import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, test } from "vitest";
import { STOP_MS } from "../../src/cli/serve/stopping.ts";
import { expectToLoad, readDeployed, readEnvFile } from "./settings.ts";

const UNIT = readDeployed("systemd/phonekey.service");

/** All values of a directive, in their order. */
function valuesOf(directive: string): string[] {
  return [...UNIT.matchAll(new RegExp(`^${directive}=(.*)$`, "gm"))].map(([, value = ""]) => value);
}

describe("the systemd unit", () => {
  it("migrates, then serves, and gives requests time to finish", () => {
    const program = "/usr/bin/node /opt/phonekey/bin/phonekey.js";
    expect(valuesOf("ExecStartPre")).toEqual([`${program} migrate`]);
    expect(valuesOf("ExecStart")).toEqual([`${program} serve`]);
    expect(Number(valuesOf("TimeoutStopSec")[0])).toBeGreaterThan(STOP_MS / 1_000);
    expect(valuesOf("Environment")).toEqual(["NODE_ENV=production"]);
  });

  it("restarts for as long as a store is unavailable", () => {
    expect(valuesOf("Restart")).toEqual(["always"]);
    expect(valuesOf("StartLimitIntervalSec")).toEqual(["0"]);
  });

  it("writes only in its own folder", () => {
    expect(valuesOf("ProtectSystem")).toEqual(["strict"]);
    expect(valuesOf("StateDirectory")).toEqual(["phonekey"]);
    expect(valuesOf("WorkingDirectory")).toEqual(["/var/lib/phonekey"]);
    expect(valuesOf("ReadWritePaths")).toEqual([]);
    expect(valuesOf("User")).toEqual(["phonekey"]);
  });

  it("has example settings that exist, and with which production starts", () => {
    const { NODE_ENV: _, ...settings } = readEnvFile("systemd/phonekey.env");
    expectToLoad(settings);
    const proposed = readDeployed("systemd/phonekey.env").matchAll(/^#([A-Z_]+)=(.*)$/gm);
    expectToLoad({
      ...settings,
      ...Object.fromEntries([...proposed].map(([, name, value]) => [name, value])),
    });
  });

  const analyze = (...words: readonly string[]) => spawnSync("systemd-analyze", words, { encoding: "utf8" });
  const canAnalyze = analyze("--help").stdout?.includes("--offline") ?? false;

  /** The unit with this machine's Node.js. */
  function placed(): string {
    const folder = mkdtempSync(join(tmpdir(), "phonekey-unit-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, "phonekey.service");
    writeFileSync(path, UNIT.replaceAll("/usr/bin/node", process.execPath));
    return path;
  }

  test.runIf(canAnalyze)("is valid for systemd", () => {
    expect(analyze("verify", placed())).toMatchObject({ status: 0, stderr: "" });
  });

  test.runIf(canAnalyze)("has an exposure of at most 1.5 on systemd's scale of 10", () => {
    const { status, stdout } = analyze("security", "--offline=true", "--threshold=15", placed());
    expect([status, stdout.split("\n").at(-2)]).toEqual([0, expect.stringContaining("exposure level")]);
  });
});
