import type { z } from "zod";
import { type MysqlUrl, mysqlUrl } from "../formats/database-url.ts";
import { flag } from "../formats/format.ts";
import { optional, withDefault } from "../setting.ts";
import { arrangeDatabase } from "./stores.ts";

/** What is known of the function if Phonekey runs on Tencent Cloud SCF. */
export interface ScfConfig {
  /** The account's id, with which the host of its functions' URLs begins; absent if the platform does not tell it. */
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
 * The values on SCF of variables that are not set. Port and address are the platform's. A function is public from its
 * first call, so the rules for production apply unless they are switched off explicitly.
 */
export const SCF_DEFAULTS = { NODE_ENV: "production", HOST: "0.0.0.0", PORT: "9000" } as const;

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
