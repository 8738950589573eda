import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { phonekey, type RunningServer, startServer, workingFolder } from "../support/server.ts";
import { bearer, createClient, type Mail, newPhone } from "./client.ts";

describe("a server with no configuration but PORT", () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => {
    await server.stop();
  });
  const inbox = (...more: string[]) =>
    phonekey(["inbox", ...more], { env: { PORT: String(server.port) }, folder: server.folder });

  test("prints the addresses of the sign-in page, the inbox and the docs, which answer", async () => {
    const client = createClient(server);
    const origin = `http://localhost:${server.port}`;
    expect(server.output()).toContain("Phonekey is running (development).");
    for (const path of ["/sign-in", "/dev/inbox", "/docs"]) {
      expect(server.output()).toContain(`${origin}${path}\n`);
      expect((await client.get(path, { accept: "text/html" })).status).toBe(200);
    }
  });

  test("signs a person up with the code from the inbox, and in again as the same user", async () => {
    const client = createClient(server);
    const phone = newPhone();
    const { created, user, accessToken } = await client.signIn(phone);
    expect(created).toBe(true);
    expect((await client.get("/v1/me", bearer(accessToken))).body).toMatchObject({ id: user.id, phone });
    expect((await client.call("DELETE", "/v1/sessions/current", bearer(accessToken))).status).toBe(204);
    expect((await client.get("/v1/me", bearer(accessToken))).status).toBe(401);
    expect(await client.signIn(phone)).toMatchObject({ created: false, user: { id: user.id } });
  });

  test("`phonekey inbox` shows the message to people, `--json` to programs, both by phone if asked", async () => {
    const client = createClient(server);
    const [phone, other] = [newPhone(), newPhone()];
    await client.start(phone);
    const code = await client.code(phone);
    await client.start(other);
    const [shown, filtered, json] = await Promise.all([inbox(), inbox(phone), inbox(phone, "--json")]);
    expect([shown.code, filtered.code, json.code]).toEqual([0, 0, 0]);
    for (const text of [phone, other, code]) expect(shown.stdout).toContain(text);
    expect(filtered.stdout).toContain(code);
    expect(filtered.stdout).not.toContain(other);
    const { messages } = JSON.parse(json.stdout) as { messages: Mail[] };
    expect(messages).toMatchObject([{ to: phone, purpose: "sign_in", text: expect.stringContaining(code) }]);
  });

  test("keeps files that only their owner can read", () => {
    const data = join(server.folder, "data");
    const modes = readdirSync(data).map((name) => [name, statSync(join(data, name)).mode & 0o777]);
    expect(Object.fromEntries(modes)).toMatchObject({ "phonekey.db": 0o600, secret: 0o600 });
    for (const [, mode] of modes) expect(mode).toBe(0o600);
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect(readdirSync(server.folder)).toEqual(["data"]);
  });

  test("logs no fault", () => {
    expect(server.faults()).toEqual([]);
  });
});

describe("the phonekey command", () => {
  test("explains every command with an example", { timeout: 120_000 }, async () => {
    const shown: string[] = [];
    const explain = async (words: readonly string[]): Promise<void> => {
      const { code, stdout, stderr } = await phonekey([...words, "--help"]);
      expect([words, code, stderr]).toEqual([words, 0, ""]);
      expect(stdout).toMatch(new RegExp(`\\nExamples?:\\n {2}.*phonekey ${words.join(" ")}`));
      shown.push(words.join(" "));
      await Promise.all(subcommandsIn(stdout).map((name) => explain([...words, name])));
    };
    await explain([]);
    expect(shown).toEqual(
      expect.arrayContaining(["serve", "migrate", "keys list", "keys rotate", "keys retag", "inbox"]),
    );
  });

  test.each([
    { what: "no command", args: [], code: 2, says: "Usage: phonekey" },
    { what: "an unknown command", args: ["start"], code: 2, says: "unknown command" },
    { what: "an unknown option", args: ["serve", "--prot", "1"], code: 2, says: "unknown option" },
    { what: "too many arguments", args: ["serve", "now"], code: 2, says: "too many arguments" },
    { what: "an invalid phone", args: ["messages", "12"], code: 2, says: "this is not a phone number" },
    { what: "an invalid number", args: ["numbers", "show", "1"], code: 2, says: "not a phone number" },
    { what: "an inbox of no phone", args: ["inbox", "abc1"], code: 2, says: "this is not a phone number" },
    { what: "an inbox without a server", args: ["inbox"], code: 1, says: "no server answers on port" },
    { what: "keys before there is a database", args: ["keys", "list"], code: 1, says: "phonekey migrate" },
  ])("$what exits with $code", async ({ args, code, says }) => {
    const ended = await phonekey(args, { env: { PORT: "9" } });
    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain(says);
    expect(ended.stderr).not.toMatch(/^ +at /m);
    expect(ended.stdout).toBe("");
  });

  test("migrates, says what it did, and has nothing to do the second time", async () => {
    const folder = workingFolder();
    expect(await phonekey(["migrate"], { folder })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Applied 0001/),
    });
    expect(await phonekey(["migrate"], { folder })).toMatchObject({ code: 0, stdout: "Nothing to do.\n" });
    const json = await phonekey(["migrate", "--json"], { folder });
    expect(JSON.parse(json.stdout)).toEqual({ applied: [] });
  });

  test("refuses an unknown kind of key and a kind beside --wrapping-only as wrong use, and changes nothing", async () => {
    const folder = workingFolder();
    await phonekey(["migrate"], { folder });
    const before = await phonekey(["keys", "list", "--json"], { folder });
    const { code, stderr } = await phonekey(["keys", "rotate", "signature"], { folder });
    expect(code).toBe(2);
    expect(stderr).toContain("signing");
    // Who names kinds expects new keys of them.
    const nothing = await phonekey(["keys", "rotate", "--wrapping-only", "signing"], { folder });
    expect(nothing).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("--wrapping-only"),
    });
    expect((await phonekey(["keys", "list", "--json"], { folder })).stdout).toBe(before.stdout);
  });
});

/** The names under "Commands:", whose explanations are indented more. */
function subcommandsIn(help: string): string[] {
  const list = help.split("\nCommands:\n")[1]?.split("\n\n")[0] ?? "";
  return [...list.matchAll(/^ {2}([\w-]+)/gm)].map(([, name = ""]) => name).filter((name) => name !== "help");
}
