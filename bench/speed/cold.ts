import { execFileSync } from "node:child_process";
import type { Stores } from "./stores.ts";

/** Rows of a table: how long a function takes from the start of its process, and how large its package is. */
export async function measureColdStarts(stores: Stores): Promise<readonly string[]> {
  const settings = { DATABASE_URL: await stores.newDatabase("cold"), STATE_URL: stores.redis.url };
  const env = { ...process.env, NODE_ENV: "development", ...settings };
  execFileSync(process.execPath, ["bin/phonekey.js", "migrate"], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const printed = execFileSync(process.execPath, ["scripts/measure-scf.js"], { env, encoding: "utf8" });
  return printed.split("\n").filter((line) => line.startsWith("|"));
}
