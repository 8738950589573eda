import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { startServer } from "../support/server.ts";

const run = promisify(execFile);

/** The six calls of a README, without the comments. */
function callsOf(page: string): string {
  const [, block = ""] = /```sh\n(API=.*?)```/s.exec(readFileSync(page, "utf8")) ?? [];
  return block.replaceAll(/^#.*\n/gm, "");
}

test("the six calls of the README sign in, refresh and sign out", { timeout: 60_000 }, async () => {
  const server = await startServer();
  onTestFinished(async () => void (await server.stop()));
  const calls = callsOf("README.md").replace("http://localhost:8080", `http://localhost:${server.port}`);
  const { stdout, stderr } = await run("bash", ["-c", calls]);
  const [me, refused] = stdout.trim().split("\n");
  expect(JSON.parse(me ?? "")).toMatchObject({ phone: "+8613900139000" });
  expect(JSON.parse(refused ?? "")).toMatchObject({ code: "invalid_token" });
  expect(stderr).toBe("");
});

test("the six calls are the same in the Chinese README", () => {
  expect(callsOf("README.zh-CN.md")).toBe(callsOf("README.md"));
});
