import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { expect } from "vitest";
import { settingsSchema } from "../../src/config/schema.ts";
import { loadConfig } from "../../src/config.ts";

export type Variables = Readonly<Record<string, string>>;

const DEPLOY = join(import.meta.dirname, "../../deploy");

export function readDeployed(path: string): string {
  return readFileSync(join(DEPLOY, path), "utf8");
}

export function readEnvFile(path: string): Variables {
  return parseEnv(readDeployed(path)) as Variables;
}

/** What the operator fills in where an example is blank. */
const FILLED: Variables = {
  PHONEKEY_SECRETS: "ZGVwbG95bWVudCB0ZXN0IHNlY3JldCwgbm90IGEgcmVhbCBvbmUgMTI",
  TENCENT_SECRET_ID: "AKIDexample",
  TENCENT_SECRET_KEY: "example",
  TENCENT_SMS_SDK_APP_ID: "1400006666",
  TENCENT_SMS_SIGN_NAME: "Phonekey",
  TENCENT_SMS_TEMPLATE_ID: "1110",
};

/** Asserts that every name is a setting, and that production starts with these, with only these warnings. */
export function expectToLoad(variables: Variables, warnings: readonly string[] = []): void {
  const unknown = Object.keys(variables).filter((name) => !(name in settingsSchema.shape));
  expect(unknown).toEqual([]);
  const env = Object.entries(variables).map(([name, value]) => [name, value || FILLED[name]]);
  const loaded = loadConfig({ NODE_ENV: "production", ...Object.fromEntries(env) }, { folder: tmpdir() });
  expect(loaded).toMatchObject({ ok: true, warnings });
}
