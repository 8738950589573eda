import { isConsole } from "./mode.ts";
import type { Problem, SettingName, Texts } from "./schema.ts";

type Unfit = readonly [name: SettingName, isUnfit: boolean, message: string];

function problemsOf(found: readonly Unfit[]): Problem[] {
  return found.flatMap(([name, isUnfit, message]) => (isUnfit ? [{ name, message }] : []));
}

/** Development defaults that must not be used with real people. A function learns its own address from each request. */
export function unfitInProduction(texts: Texts, onScf: boolean): Problem[] {
  return problemsOf([
    [
      "PHONEKEY_SECRETS",
      !texts.PHONEKEY_SECRETS,
      "must be set in production; make one with `openssl rand -base64 48`",
    ],
    ["SMS_SENDER", isConsole(texts), "must be a real sender in production; `console` sends nothing"],
    [
      "STATE_URL",
      texts.STATE_URL === "memory:",
      "must not be `memory:` in production; a restart would forget every limit",
    ],
    [
      "PUBLIC_URL",
      !texts.PUBLIC_URL && !onScf,
      "must be set in production, to the origin under which people reach this server",
    ],
  ]);
}

/**
 * Settings that cannot work for a function: its instances share no memory, keep no files, and learn their own host only
 * from requests.
 */
export function unfitOnScf({ DATABASE_URL = "sqlite:", STATE_URL, ...texts }: Texts): Problem[] {
  const { CAPTCHA, PUBLIC_URL, ALLOWED_ORIGINS } = texts;
  const hasNoHost = CAPTCHA === "turnstile" && !PUBLIC_URL && !ALLOWED_ORIGINS;
  return problemsOf([
    ["DATABASE_URL", /^sqlite:/i.test(DATABASE_URL), "must be a MySQL on SCF; a function keeps no files"],
    ["STATE_URL", STATE_URL === "memory:", "must not be `memory:` on SCF; its instances share no memory"],
    [
      "PUBLIC_URL",
      hasNoHost,
      "or `ALLOWED_ORIGINS` must be set with `CAPTCHA=turnstile`, whose tokens name the host of the page",
    ],
  ]);
}
