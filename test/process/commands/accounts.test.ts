import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeJwt } from "jose";
import Libsql from "libsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { phonekey, type RunningServer, startServer } from "../../support/server.ts";
import { bearer, type Client, createClient, FREELY, newPhone } from "../client.ts";
import { databaseFile, rowsOf } from "../database.ts";

describe("phonekey users", () => {
  let server: RunningServer;
  let client: Client;
  beforeAll(async () => {
    server = await startServer({ env: FREELY });
    client = createClient(server);
  });
  afterAll(() => server.stop());

  const run = (...args: readonly string[]) =>
    phonekey(["users", ...args], { folder: server.folder, env: FREELY });

  test("export --user prints what is kept about one person, and erase removes it, beside a running server", {
    timeout: 60_000,
  }, async () => {
    const phone = newPhone();
    const { user } = await client.signIn(phone);
    const exported = await run("export", "--user", phone);
    expect(JSON.parse(exported.stdout)).toMatchObject({ account: { id: user.id, phone } });
    expect(exported.stderr).not.toContain(phone);

    const file = join(server.folder, "person.json");
    expect(await run("export", "--user", user.id, "--file", file)).toMatchObject({ code: 0, stdout: "" });
    expect([statSync(file).mode & 0o777, JSON.parse(readFileSync(file, "utf8")).account.phone]).toEqual([
      0o600,
      phone,
    ]);

    const asked = await run("erase", user.id);
    expect(asked.stdout).toContain("--yes");
    expect(await run("erase", phone, "--yes", "--json")).toMatchObject({
      code: 0,
      stdout: `${JSON.stringify({ id: user.id, erased: true })}\n`,
    });
    expect(await run("erase", user.id, "--yes")).toMatchObject({ code: 1 });
    const events = rowsOf(server.folder, "SELECT type FROM events WHERE user_id = ? ORDER BY id", user.id);
    expect(events.map(({ type }) => type)).toEqual([
      ...["sign_up", "sign_in", "account_exported_by_operator", "account_exported_by_operator"],
      "account_erased_by_operator",
    ]);
    expect(JSON.stringify(rowsOf(server.folder, "SELECT * FROM events"))).not.toContain(phone.slice(3));
    expect(await client.signIn(phone)).toMatchObject({ created: true });
  });

  test("sign-out: sign one person out everywhere at once, beside a running server", {
    timeout: 60_000,
  }, async () => {
    const phone = newPhone();
    const { user, accessToken, refreshToken, deviceToken } = await client.signIn(phone);
    const other = await client.signIn(newPhone());
    expect(await run("sign-out", phone, "--json")).toMatchObject({
      code: 0,
      stdout: `${JSON.stringify({ id: user.id })}\n`,
    });
    expect(await client.get("/v1/me", bearer(accessToken))).toMatchObject({ status: 401 });
    expect(await client.post("/v1/sessions/refresh", { refreshToken })).toMatchObject({ status: 401 });
    expect(await client.get("/v1/me", bearer(other.accessToken))).toMatchObject({ status: 200 });
    const [row] = rowsOf(server.folder, "SELECT device_epoch FROM users WHERE id = ?", user.id);
    expect([row?.device_epoch, decodeJwt(deviceToken).epoch]).toEqual([1, 0]);
    const events = rowsOf(server.folder, "SELECT type FROM events WHERE user_id = ? ORDER BY id", user.id);
    expect(events.map(({ type }) => type).slice(2)).toEqual(["sessions_ended_by_operator", "session_ended"]);
    expect(await run("sign-out", newPhone())).toMatchObject({
      code: 1,
      stderr: "There is no such account.\n",
    });
  });

  test("erase and sign-out say so if the account is erased just before", { timeout: 60_000 }, async () => {
    const { user } = await client.signIn(newPhone());
    const other = new Libsql(databaseFile(server.folder));
    other.exec("BEGIN IMMEDIATE");
    other.prepare("DELETE FROM users WHERE id = ?").run(user.id);
    const commands = [["erase", "--yes"], ["erase", "--yes", "--json"], ["sign-out"]];
    const ended = Promise.all(commands.map(([name = "", ...more]) => run(name, user.id, ...more)));
    // Time enough for the commands to find the account, and less than they wait for the file.
    await sleep(3_000);
    other.exec("COMMIT");
    other.close();
    const gone = { code: 1, stdout: "", stderr: "There is no such account.\n" };
    expect(await ended).toMatchObject([gone, gone, gone]);
    const events = rowsOf(server.folder, "SELECT type FROM events WHERE user_id = ? ORDER BY id", user.id);
    expect(events.map(({ type }) => type)).toEqual(["sign_up", "sign_in"]);
  });
});
