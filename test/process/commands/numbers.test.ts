import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { phonekey, type RunningServer, startServer } from "../../support/server.ts";
import { type Client, createClient, FREELY, newPhone, wrongCode } from "../client.ts";
import { change, numberOf, rowsOf } from "../database.ts";

const REASON = "ticket 4711: shown their passport";

describe("phonekey numbers", () => {
  let server: RunningServer;
  let client: Client;
  beforeAll(async () => {
    server = await startServer({ env: FREELY });
    client = createClient(server);
  });
  afterAll(() => server.stop());

  const run = (...args: readonly string[]) =>
    phonekey(["numbers", ...args], { folder: server.folder, env: FREELY });
  const unlock = (phone: string, ...more: readonly string[]) =>
    run("unlock", phone, "--reason", REASON, ...more);
  const show = async (phone: string) => {
    const { code, stdout } = await run("show", phone, "--json");
    expect(code).toBe(0);
    return JSON.parse(stdout) as Record<string, object>;
  };
  /** A number that has signed in once, and for which strangers have used up their wrong guesses. */
  async function spent(): Promise<string> {
    const phone = newPhone();
    await client.signIn(phone);
    const [row] = rowsOf(server.folder, "SELECT phone_tag FROM messages ORDER BY created_at DESC, id DESC");
    const guesses = Array.from({ length: 9 }, (_, n) => {
      return `('${phone.slice(-8)}-${n}', '${row?.phone_tag}', 'stranger', ${Date.now() - n}, 6)`;
    });
    change(
      server.folder,
      `INSERT INTO failures (id, phone_tag, bucket, at, code_length) VALUES ${guesses.join(", ")}`,
    );
    return phone;
  }

  test("show tells what blocks a number, and shows only the masked number", { timeout: 60_000 }, async () => {
    const phone = await spent();
    expect(await show(phone)).toMatchObject({
      phone: expect.stringContaining("••••"),
      strangers: { wrongGuesses: 9, isSpent: true, unlocked: 0, guesses: { atMost: 9, codeLength: 8 } },
      devices: { wrongGuesses: 0, isSpent: false, guesses: { atMost: 9, codeLength: 6 } },
      isOptedOut: false,
      messages: { accepted: 1 },
      unlocks: [],
    });
    const { stdout } = await run("show", phone);
    expect(stdout).toContain("strangers: 9 wrong guesses in 30 days, spent; 9 free at 8 digits");
    expect(stdout).toContain("messages: 1 taken by the provider; no report yet");
  });

  test("show tells which limit delays the next message of strangers, and that none delays known devices", {
    timeout: 60_000,
  }, async () => {
    const env = { ...FREELY, RESEND_SECONDS: "600" };
    const phone = newPhone();
    await client.start(phone);
    const shown = await phonekey(["numbers", "show", phone], { folder: server.folder, env });
    expect(shown.stdout).toMatch(/strangers: next message from \S+ \(limit `resend`\)/);
    expect(shown.stdout).toContain("known devices: next message now");
  });

  test("unlock, run twice at once beside the server, gives three guesses once", {
    timeout: 60_000,
  }, async () => {
    const phone = await spent();
    const ended = await Promise.all([unlock(phone, "--json"), unlock(phone, "--json")]);
    const outcomes = ended.map(({ code, stdout }) => [
      code,
      (JSON.parse(stdout) as { status: string }).status,
    ]);
    expect(outcomes.sort()).toEqual([
      [0, "unlocked"],
      [1, "too_soon"],
    ]);
    expect(await show(phone)).toMatchObject({
      strangers: { wrongGuesses: 9, isSpent: true, unlocked: 3, guesses: { atMost: 3, codeLength: 6 } },
      unlocks: [{ reason: REASON }],
    });

    const { id, codeLength } = await client.start(phone);
    expect(codeLength).toBe(6);
    const code = await client.code(phone);
    expect((await client.open(id, wrongCode(code))).status).toBe(401);
    expect((await client.open(id, code)).status).toBe(201);
    expect(await show(phone)).toMatchObject({ strangers: { wrongGuesses: 9, unlocked: 2 } });
    const told = await unlock(phone);
    expect(told).toMatchObject({ code: 1, stdout: expect.stringContaining("once a day") });
  });

  test("unlock keeps the reason sealed, and refuses without one", { timeout: 60_000 }, async () => {
    const count = () => numberOf(server.folder, "SELECT count(*) FROM unlocks");
    const before = count();
    const phone = newPhone();
    expect(await run("unlock", phone)).toMatchObject({ code: 2 });
    expect(await run("unlock", phone, "--reason", "  ")).toMatchObject({ code: 2 });
    expect(await run("unlock", phone, "--reason", "x".repeat(201))).toMatchObject({ code: 2 });
    expect(await run("unlock", phone, "--reason", "\u001b[2J")).toMatchObject({ code: 2 });
    expect(await run("unlock", "12", "--reason", REASON)).toMatchObject({ code: 2 });
    expect(await unlock(phone)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("Nothing to unlock"),
    });
    expect(count()).toBe(before);
    const kept = rowsOf(server.folder, "SELECT sealed_phone, sealed_reason FROM unlocks");
    expect(JSON.stringify(kept)).not.toContain("passport");
  });
});
