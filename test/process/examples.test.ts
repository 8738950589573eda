import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type TOTP, URI } from "otpauth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canary } from "../support/canaries.ts";
import { freePort } from "../support/ports.ts";
import { phonekey, type RunningServer, startServer } from "../support/server.ts";
import { createClient, FREELY, newPhone } from "./client.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples");
/** The parts that the programs share. */
const SHARED = ["README.md", "phonekey.js", "terminal.js"];
const DEADLINE_MS = 60_000;

let server: RunningServer;
let backPort: number;
let apiKey: string;
beforeAll(async () => {
  backPort = await freePort();
  server = await startServer({ env: FREELY });
  const made = await phonekey(
    [
      ...["keys", "api", "create", "examples"],
      ...["--purposes", "verify_identity,confirm_transaction,temporary_password"],
      ...["--return-to", `http://localhost:${backPort}/back`],
    ],
    { folder: server.folder },
  );
  apiKey = made.stdout.trim();
  canary("token", apiKey);
});
afterAll(() => server.stop());

/** An example in a process of its own, whose questions the test answers. */
function start(name: string, env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [join(EXAMPLES, name)], {
    env: {
      PATH: process.env.PATH,
      PHONEKEY_URL: server.url,
      PHONEKEY_ISSUER: `http://localhost:${server.port}`,
      PHONEKEY_API_KEY: apiKey,
      PORT: String(backPort),
      ...env,
    },
    stdio: "pipe",
    timeout: DEADLINE_MS,
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
  }
  const ended = once(child, "close").then(([code]) => ({ code, printed }));
  /** Waits until the program prints this text, and resolves with the rest of the line. */
  async function says(text: string): Promise<string> {
    for (;;) {
      const at = printed.indexOf(text);
      if (at >= 0) return printed.slice(at + text.length).split("\n")[0] ?? "";
      if (child.exitCode !== null) throw new Error(`${name} ended:\n${printed}`);
      await once(child.stdout, "data");
    }
  }
  return {
    ended,
    says,
    send: (text: string) => void child.stdin.write(`${text}\n`),
    async answer(question: string, text: string) {
      await says(question);
      child.stdin.write(`${text}\n`);
    },
  };
}

/** The code in the n-th newest message to this phone that has one, once it is there; notices have none. */
async function shown(phone: string, n = 1): Promise<string> {
  for (;;) {
    const mails = await createClient(server).inbox(phone);
    const codes = mails.flatMap(({ text }) => /\b(\d{6}|\w{4}-\w{4}-\w{4})\b/.exec(text)?.[1] ?? []);
    const code = codes.at(-n);
    if (code !== undefined) {
      canary("code", code);
      return code;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("every example has a test", () => {
  const programs = readdirSync(EXAMPLES).filter((name) => !SHARED.includes(name));
  expect(programs.sort()).toEqual([...TESTED].sort());
});

const TESTED = [
  "identity-verification.js",
  "login-protection.js",
  "password-reset.js",
  "sign-up.js",
  "temporary-password.js",
  "transaction-confirmation.js",
];

describe("examples", () => {
  test("sign-up.js", async () => {
    const phone = newPhone();
    for (const [n, greeting] of ["Welcome, user", "Welcome back, user"].entries()) {
      const program = start("sign-up.js");
      await program.answer("mobile number?", phone);
      await program.answer("digits of the message?", await codeAfter(program, phone, n + 1));
      expect(await program.ended).toMatchObject({ code: 0, printed: expect.stringContaining(greeting) });
    }
  });

  test("identity-verification.js", async () => {
    const phone = newPhone();
    const program = start("identity-verification.js");
    await program.answer("to be verified?", phone);
    await program.answer("digits of the message?", await codeAfter(program, phone));
    const { code, printed } = await program.ended;
    expect({ code, said: printed.includes(`${phone} is theirs, for contract-4711`) }).toEqual({
      code: 0,
      said: true,
    });
  });

  test("identity-verification.js, with a wrong code", async () => {
    const program = start("identity-verification.js");
    await program.answer("to be verified?", newPhone());
    await program.answer("digits of the message?", "000000");
    expect(await program.ended).toMatchObject({
      code: 1,
      printed: expect.stringContaining("invalid_code: "),
    });
  });

  test("a missing API key or server is one line", async () => {
    expect(await start("identity-verification.js", { PHONEKEY_API_KEY: "" }).ended).toEqual({
      code: 1,
      printed: "Set PHONEKEY_API_KEY; examples/README.md says how.\n",
    });
    const program = start("sign-up.js", { PHONEKEY_URL: `http://127.0.0.1:${await freePort()}` });
    await program.answer("mobile number?", newPhone());
    const { code, printed } = await program.ended;
    expect([code, printed]).toEqual([1, expect.stringMatching(/\? no Phonekey answers at http:[^\n]*\n$/)]);
  });

  test("login-protection.js", async () => {
    const phone = newPhone();
    const program = start("login-protection.js");
    await program.answer("mobile number?", phone);
    await program.answer("digits of the message?", await codeAfter(program, phone));
    const app = URI.parse((await program.says("authenticator app: ")).trim()) as TOTP;
    canary("token", app.secret.base32);
    await program.answer("code that it shows?", app.generate());
    await program.says("Sign in once more:");
    // No code of an app is accepted twice: the next one is that of the next half minute.
    const next = app.generate({ timestamp: Date.now() + 30_000 });
    program.send(await shown(phone, 2));
    await program.answer("app's code of now?", next);
    expect(await program.ended).toMatchObject({
      code: 0,
      printed: expect.stringContaining("by two factors"),
    });
  });

  test("password-reset.js", async () => {
    const phone = newPhone();
    await createClient(server).signIn(phone);
    const program = start("password-reset.js");
    await program.answer("mobile number?", phone);
    await program.answer("digits of the message?", await codeAfter(program, phone, 2));
    await program.answer("new password?", "lantern orchard vessel");
    expect(await program.ended).toMatchObject({ code: 0, printed: expect.stringContaining("new password.") });
  });

  test("temporary-password.js", async () => {
    const phone = newPhone();
    const program = start("temporary-password.js");
    await program.answer("mobile number?", phone);
    await program.says("Tell them to open http://");
    await program.answer("password of the message?", await shown(phone));
    const { code, printed } = await program.ended;
    expect({ code, said: printed.includes("choose a password of their own") }).toEqual({
      code: 0,
      said: true,
    });
  });

  test("transaction-confirmation.js", async () => {
    const phone = newPhone();
    const program = start("transaction-confirmation.js");
    await program.answer("who pays?", phone);
    const page = (await program.says("Open ")).trim();
    const guess = await fetch(`http://localhost:${backPort}/back?state=guess`);
    expect(guess.status).toBe(403);
    const back = await enterCode(page, await shown(phone));
    expect((await fetch(back)).status).toBe(200);
    expect(await program.ended).toMatchObject({
      code: 0,
      printed: expect.stringContaining("Paid 120.00 CNY."),
    });
  });
});

/** The code that was sent for a program, which asks for it after that. */
async function codeAfter(program: ReturnType<typeof start>, phone: string, n = 1): Promise<string> {
  await program.says("digits of the message?");
  return await shown(phone, n);
}

/** Does what a browser does on the page; resolves with the address that it is sent to. */
async function enterCode(page: string, code: string): Promise<string> {
  const seen = await fetch(page);
  const cookie = seen.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const html = await seen.text();
  expect(html).toContain("CNY 120.00");
  const csrf = /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? "";
  const answer = await fetch(page, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      origin: new URL(page).origin,
      cookie,
    },
    body: new URLSearchParams({ csrf, code }).toString(),
    redirect: "manual",
  });
  return answer.headers.get("location") ?? "";
}
