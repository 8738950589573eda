import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { type Env, folder, SECRET, TENCENT, useFolder } from "./load.ts";

useFolder();

const DATABASE_URL = "mysql://u:p@10.0.0.5/phonekey";
const { TENCENT_SECRET_ID: _id, TENCENT_SECRET_KEY: _key, ...SENDER } = TENCENT;
/** The least that a function needs: its role brings the keys of Tencent Cloud. */
const LEAST: Env = { PHONEKEY_SECRETS: SECRET, DATABASE_URL, TENCENTCLOUD_RUNENV: "SCF", ...SENDER };

const load = (env: Env) => loadConfig(env, { folder, onScf: true });
function configOf(env: Env) {
  const loaded = load(env);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}
const problemsOf = (env: Env) => {
  const loaded = load(env);
  return loaded.ok ? [] : loaded.problems.map(({ name }) => name);
};

describe("settings on SCF", () => {
  test("are those of production on the platform's port, without PUBLIC_URL", () => {
    const { mode, server, scf } = configOf(LEAST);
    expect(mode).toBe("production");
    expect(server).toMatchObject({ host: "0.0.0.0", port: 9000 });
    expect(server.publicUrl).toBeUndefined();
    expect(scf).toEqual({ hasRoleHeaders: false });
  });

  test("treat blank variables as not set", () => {
    expect(configOf({ ...LEAST, NODE_ENV: " ", PORT: "", HOST: "" })).toMatchObject({
      mode: "production",
      server: { host: "0.0.0.0", port: 9000 },
    });
  });

  test("take the account's id from the platform", () => {
    expect(configOf({ ...LEAST, TENCENTCLOUD_APPID: "1250000000" }).scf).toMatchObject({
      appId: "1250000000",
    });
  });

  test("refuse SQLite and state in memory, in any mode", () => {
    expect(problemsOf({ ...LEAST, DATABASE_URL: undefined })).toEqual(["DATABASE_URL"]);
    for (const mode of ["development", "production"]) {
      const wrong = { ...LEAST, NODE_ENV: mode, DATABASE_URL: "sqlite:./x.db", STATE_URL: "memory:" };
      expect([...new Set(problemsOf(wrong))]).toEqual(["DATABASE_URL", "STATE_URL"]);
    }
  });

  test("need PUBLIC_URL or ALLOWED_ORIGINS with Turnstile, whose tokens must name a host of them", () => {
    const turnstile = {
      ...LEAST,
      CAPTCHA: "turnstile",
      TURNSTILE_SITE_KEY: "1x",
      TURNSTILE_SECRET_KEY: "2x",
    };
    expect(problemsOf(turnstile)).toEqual(["PUBLIC_URL"]);
    expect(problemsOf({ ...turnstile, ALLOWED_ORIGINS: "https://app.example" })).toEqual([]);
    expect(problemsOf({ ...turnstile, PUBLIC_URL: "https://login.example" })).toEqual([]);
  });

  test("need secrets and a real sender", () => {
    expect(problemsOf({ DATABASE_URL })).toEqual(["PHONEKEY_SECRETS", "SMS_SENDER"]);
  });

  test("warn of a port that the platform does not reach", () => {
    expect(load({ ...LEAST, PORT: "8080" }).warnings).toContainEqual(expect.stringMatching(/^PORT: .*9000/));
    expect(load(LEAST).warnings.filter((warning) => warning.startsWith("PORT"))).toEqual([]);
  });

  test("take the demo's database from IMPORT_DATABASE_URL, which must be MySQL", () => {
    const url = "mysql://reader:secret@10.0.0.5/demo";
    expect(configOf({ ...LEAST, IMPORT_DATABASE_URL: url }).scf?.importFrom).toMatchObject({
      database: "demo",
    });
    expect(problemsOf({ ...LEAST, IMPORT_DATABASE_URL: "sqlite:./demo.db" })).toEqual([
      "IMPORT_DATABASE_URL",
    ]);
  });

  test("do not apply outside SCF", () => {
    const loaded = loadConfig({ PHONEKEY_SECRETS: SECRET, TENCENTCLOUD_APPID: "1250000000" }, { folder });
    expect(loaded).toMatchObject({ ok: true, config: { mode: "development", server: { port: 8080 } } });
    expect(loaded.ok && loaded.config.scf).toBeUndefined();
    const production = loadConfig({ ...LEAST, NODE_ENV: "production" }, { folder });
    expect(production.ok ? [] : production.problems.map(({ name }) => name)).toEqual(["PUBLIC_URL"]);
  });
});
