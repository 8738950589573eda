import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { recordOf } from "../../src/compose/tools/messages.ts";
import { tencentTools } from "../../src/compose/tools/tencent.ts";
import { refused, start } from "../http/support.ts";
import { listen } from "../support/listen.ts";
import { createWorld } from "../support/world.ts";
import { SECRETS } from "./support.ts";

const SCRIPT = join(import.meta.dirname, "../../scripts/tencent-stub.js");

/** Starts it as a newcomer does, on any free port. */
async function startStub(...more: readonly string[]) {
  const child = spawn(process.execPath, [SCRIPT, "--port", "0", ...more], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill());
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  const says = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = pattern.exec(printed);
      if (found) return found[1] ?? found[0];
      await once(child.stdout, "data");
    }
  };
  await says(/npm start/);
  const environment = Object.fromEntries(
    [...printed.matchAll(/export (\w+)=(\S+)/g)].map(([, name = "", value = ""]) => [name, value]),
  );
  return { environment, says, type: (line: string) => child.stdin.write(`${line}\n`) };
}

it("the Tencent stub says in one line what is wrong with its options, or that its port is taken", async () => {
  const taken = String(await listen(createServer()));
  for (const [words, code, says] of [
    [["--bogus"], 2, /^error: Unknown option '--bogus'/],
    [["--port", "x"], 2, /^error: --port is/],
    [["--callback", "x"], 2, /^error: --callback is/],
    [["--port", taken], 1, /^another program listens on port \d+; .*\n$/],
  ] as const) {
    const child = spawn(process.execPath, [SCRIPT, ...words], { stdio: ["ignore", "ignore", "pipe"] });
    const said = Buffer.concat(await child.stderr.toArray()).toString();
    if (child.exitCode === null) await once(child, "close");
    expect([child.exitCode, said]).toEqual([code, expect.stringMatching(says)]);
  }
});

it("the Tencent stub is enough to sign in and to see a refusal without an account", async () => {
  const stub = await startStub();
  const world = await createWorld({ env: stub.environment, inbox: true });
  onTestFinished(() => world.close());
  const { id } = await start(world);
  const code = await stub.says(/\+8613800138000 {2}【Phonekey】(\d{6})/);
  expect((await world.post("/v1/sessions", { verificationId: id, code })).status).toBe(201);

  stub.type("FailedOperation.PhoneNumberInBlacklist");
  await stub.says(/The next message meets/);
  await refused(await world.post("/v1/verifications", { phone: "+8613900139000" }), "phone_unreachable");
});

it("the Tencent stub posts reports of what it sent to the callback address", async () => {
  const reported: unknown[] = [];
  const listener = createServer(async (request, response) => {
    reported.push(JSON.parse(Buffer.concat(await request.toArray()).toString()));
    response.end();
  });
  const stub = await startStub("--callback", `http://127.0.0.1:${await listen(listener)}/status`);
  const env = { ...stub.environment, TENCENT_SMS_CALLBACK_SECRETS: SECRETS.join(",") };
  const world = await createWorld({ env, inbox: true });
  onTestFinished(() => world.close());
  await start(world);
  await expect.poll(() => reported.length).toBeGreaterThan(0);
  await world.post(`/callbacks/tencent/${SECRETS[0]}/status`, reported[0]);
  const record = await recordOf(world.config, "13800138000");
  expect(record?.messages).toMatchObject([{ status: "delivered" }]);
});

it("the Tencent stub's account has an approved signature with an approved qualification", async () => {
  const { environment } = await startStub();
  const world = await createWorld({ env: environment, inbox: true });
  onTestFinished(() => world.close());
  const { signatures } = await tencentTools(world.config.tencent, "mainland").overview();
  expect(signatures).toMatchObject([{ status: "approved", qualification: "approved" }]);
});
