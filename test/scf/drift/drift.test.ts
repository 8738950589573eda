import { beforeAll, describe, expect, test } from "vitest";
import { startServer } from "../../support/server.ts";
import { hasMariadb } from "../../support/services/mysql.ts";
import { migratedDatabase, startSender } from "../functions.ts";
import { startEvent, startWeb, unpackedPackage, type Variables } from "../instance.ts";
import { scripts } from "./requests.ts";
import { createVisitor, essence, type Visitor } from "./visitor.ts";
import { overEvents, overHttp, type WayIn } from "./wire.ts";

const SEED = 53;
const COUNT = 1_000;
/** Waits are longer than the test: those that end during it could differ between the deployments. */
const SETTINGS: Variables = {
  PUBLIC_URL: "https://auth.example.com",
  RESEND_SECONDS: "600",
  LIMIT_ADDRESS_SENDS: "unlimited",
};

/** Where two answers begin to differ. */
function differenceOf(one: unknown, other: unknown): string[] {
  const [first, second] = [JSON.stringify(one), JSON.stringify(other)];
  if (first === second) return [];
  const at = [...first].findIndex((letter, index) => letter !== [...second][index]);
  return [[first, second].map((text) => [...text].slice(Math.max(0, at - 60), at + 60).join("")).join(" ≠ ")];
}

/** One deployment of its own: a database, an account at the cloud, and a way in. */
async function deploy(folder: string, open: (env: Variables) => Promise<WayIn>): Promise<Visitor> {
  const cloud = await startSender();
  closings.push(cloud.close);
  const { env } = await migratedDatabase(folder, { ...cloud.env, ...SETTINGS });
  return createVisitor(await open(env), cloud.taken);
}

const closings: (() => Promise<unknown>)[] = [];

describe.runIf(hasMariadb())("server, web function and event function (T53)", () => {
  let visitors: readonly Visitor[];
  beforeAll(async () => {
    const folder = unpackedPackage();
    visitors = await Promise.all([
      deploy(folder, async (env) => {
        const server = await startServer({ env });
        closings.push(() => server.stop());
        return overHttp(server.url);
      }),
      deploy(folder, async (env) => overHttp((await startWeb(folder, env)).url)),
      deploy(folder, async (env) => overEvents(await startEvent(folder, "index.main_handler", env))),
    ]);
    return () => Promise.all(closings.map((close) => close()));
  });

  test(`give the same answers to the same ${COUNT} requests`, async () => {
    const differences: string[] = [];
    const seen = new Map<string, number>();
    for (const [index, script] of scripts(COUNT, SEED).entries()) {
      const answers = await Promise.all(visitors.map((visitor) => visitor.play(script)));
      const [server, ...functions] = answers.map(essence);
      const differ = functions.flatMap((answer) => differenceOf(server, answer));
      differences.push(...differ.map((each) => `${index}: ${script.method} ${script.path}: ${each}`));
      const { status = 0, body = "" } = answers[0] ?? {};
      const said = `${status}${/^\{"errorCode":(-?\d+)/.exec(body)?.[0] ?? ""}`;
      seen.set(said, (seen.get(said) ?? 0) + 1);
    }
    expect(differences).toEqual([]);
    // Control: the requests had all these outcomes.
    for (const status of ["200", "201", "204", "303", "400", "401", "404", "405", "413", "429", "431"]) {
      expect(seen.get(status), status).toBeGreaterThan(0);
    }
    for (const code of ["0", "-1001", "-1002", "-1003", "-1004", "-1005", "-1007", "-1100"]) {
      expect(seen.get(`200{"errorCode":${code}`), code).toBeGreaterThan(0);
    }
  }, 300_000);
});
