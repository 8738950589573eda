import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { type Config, loadConfig } from "../../src/config.ts";

export type Env = Record<string, string | undefined>;

export const SECRET = "mVqk0WZy3v9dJr7TnXcLb5sPfGhE2uAi8oQxKz14";
export const OTHER_SECRET = "7Jc2nYtR9wLxKq0bVfZs4hGmPd6eUaTi3oN8yXv1";

/** A real sender, with all that it needs. */
export const TENCENT: Env = {
  SMS_SENDER: "tencent",
  TENCENT_SECRET_ID: "AKIDtest",
  TENCENT_SECRET_KEY: "secretTEST",
  TENCENT_SMS_SDK_APP_ID: "1400006666",
  TENCENT_SMS_SIGN_NAME: "腾讯云",
  TENCENT_SMS_TEMPLATE_ID: "1110",
};

/** Two real senders. */
export const BOTH: Env = {
  ...TENCENT,
  SMS_SENDER: "tencent,webhook",
  SMS_WEBHOOK: "https://sms.example.com/send",
  SMS_WEBHOOK_SECRET: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
};

/** What a production server cannot do without. */
export const PRODUCTION: Env = {
  NODE_ENV: "production",
  PHONEKEY_SECRETS: SECRET,
  ...TENCENT,
  PUBLIC_URL: "https://auth.example.com",
};

/** The longest that `PUBLIC_URL` may be. */
export const LONGEST_URL = `https://${"a".repeat(58)}.${"b".repeat(57)}.com`;

/** A day of the calendar so many days from today. */
export const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
export const SOON = inDays(30);

export let folder = "";

/** Each test of the file loads in an empty folder of its own. */
export function useFolder(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "phonekey-config-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
}

export function load(env: Env) {
  return loadConfig(env, { folder });
}

/** The configuration of settings that must be sound. */
export function config(env: Env = {}): Config {
  return sound(env).config;
}

export function warnings(env: Env): readonly string[] {
  return sound(env).warnings;
}

function sound(env: Env) {
  const loaded = load({ PHONEKEY_SECRETS: SECRET, ...env });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded;
}

/** What is wrong with these settings, by variable. */
export function problems(env: Env): Record<string, string> {
  const loaded = load({ PHONEKEY_SECRETS: SECRET, ...env });
  return Object.fromEntries(loaded.ok ? [] : loaded.problems.map(({ name, message }) => [name, message]));
}
