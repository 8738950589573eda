import type { z } from "zod";
import { type MysqlUrl, mysqlUrl } from "../formats/database-url.ts";
import { flag } from "../formats/format.ts";
import { optional, withDefault } from "../setting.ts";
import { arrangeDatabase } from "./stores.ts";

/** What is known of the function where Phonekey runs on Tencent Cloud SCF. */
export interface ScfConfig {
  /** The account's id, which begins the host of its functions' URLs; where the platform tells it. */
  readonly appId?: string;
  /** Whether requests bring the keys of the function's role. */
  readonly hasRoleHeaders: boolean;
  /** Where the demo's users are. */
  readonly importFrom?: MysqlUrl;
}

export const scfVariables = {
  TENCENT_ROLE_HEADERS: withDefault(flag, "false", {
    part: "Tencent Cloud SCF",
    sentence:
      "`true` takes the keys of a web function's role from the headers `X-Scf-Secret-Id`, `-Secret-Key` and `-Session-Token` of requests to its own URL. Use it only with a role: without one the platform does not set these headers, and anybody could have your messages sent by an account of theirs. `false` takes the keys only from the function's variables.",
  }),
  IMPORT_DATABASE_URL: optional(mysqlUrl, "`DATABASE_URL`", {
    part: "Tencent Cloud SCF",
    sentence:
      "The database of the tutorial's demo, for the import of its users by the maintenance function. It is only read.",
  }),
};

type Values = z.output<z.ZodObject<typeof scfVariables>>;

/**
 * What holds on SCF where a variable is not set. Port and address are the platform's; and a function is in public from
 * its first call, so that the rules for production are in force unless they are put off by name.
 */
export const SCF_DEFAULTS = { NODE_ENV: "production", HOST: "0.0.0.0", PORT: "9000" } as const;

interface Given {
  readonly DATABASE_URL?: string;
  readonly STATE_URL?: string;
  readonly PORT?: string;
  readonly PUBLIC_URL?: string;
  readonly ALLOWED_ORIGINS?: string;
  readonly CAPTCHA?: string;
}

/** What a function cannot do with: its instances share no memory, keep no files, and learn their own host from requests alone. */
export function unfitOnScf({ DATABASE_URL = "sqlite:", STATE_URL, ...given }: Given) {
  const { CAPTCHA, PUBLIC_URL, ALLOWED_ORIGINS } = given;
  const hasNoHost = CAPTCHA === "turnstile" && !PUBLIC_URL && !ALLOWED_ORIGINS;
  const found = [
    ["DATABASE_URL", /^sqlite:/i.test(DATABASE_URL), "must be a MySQL on SCF; a function keeps no files"],
    ["STATE_URL", STATE_URL === "memory:", "must not be `memory:` on SCF; its instances share no memory"],
    [
      "PUBLIC_URL",
      hasNoHost,
      "or `ALLOWED_ORIGINS` must be set with `CAPTCHA=turnstile`, whose tokens name the host of the page",
    ],
  ] as const;
  return found.flatMap(([name, holds, message]) => (holds ? [{ name, message }] : []));
}

/** What is hardly meant on SCF. */
export function doubtsOnScf({ PORT }: Given): string[] {
  return PORT === SCF_DEFAULTS.PORT ? [] : ["PORT: the platform reaches a web function on port 9000 only."];
}

/** @param env with the platform's own variables */
export function arrangeScf(
  values: Values,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): ScfConfig {
  const appId = env.TENCENTCLOUD_APPID?.trim();
  const source = values.IMPORT_DATABASE_URL && arrangeDatabase(values.IMPORT_DATABASE_URL, folder);
  return {
    ...(appId && { appId }),
    hasRoleHeaders: values.TENCENT_ROLE_HEADERS,
    ...(source?.kind === "mysql" && { importFrom: source }),
  };
}
