import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "../../src/adapters/sql/sqlite/open.ts";
import { deadlineIn } from "../../src/adapters/system/deadline.ts";
import type { Challenges } from "../../src/core/protection/challenges/ports.ts";
import { createTestVerifier } from "../support/challenges.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../support/times.ts";
import { createWorld, type World } from "../support/world.ts";
import { type Chance, createChance, createSimulation, type Simulation } from "./simulation.ts";

export { DAY, HOUR, MINUTE, SECOND };

/** Nine in the morning in China, so that an attack of a few hours meets people. */
const START = Date.UTC(2027, 0, 4, 1);

/** The settings of "off": bounds on guesses cannot be switched off, everything else is. */
const OFF: Readonly<Record<string, string>> = {
  GUARD_MODE: "off",
  CAPTCHA: "off",
  SPEND_HOUR: "unlimited",
  SPEND_DAY: "unlimited",
  LIMIT_PHONE_SENDS: "unlimited",
  LIMIT_ADDRESS_SENDS: "unlimited",
  LIMIT_ADDRESS_CHECKS: "unlimited",
  LIMIT_DEVICE_SENDS: "unlimited",
  LIMIT_PREFIX_SENDS: "unlimited",
  LIMIT_COUNTRY_SENDS: "unlimited",
  LIMIT_TOTAL_SENDS: "unlimited",
  RESEND_SECONDS: "1",
};

export type Mode = "on" | "off";

export interface ServiceOptions {
  readonly mode: Mode;
  readonly seed: number;
  /** Settings in place of the defaults. */
  readonly env?: Readonly<Record<string, string>>;
  /** The digits that the sender carries, 8 by default. */
  readonly maxCodeLength?: number;
  /** Whether challenges are those of a third party, whose solutions the attacker buys. */
  readonly thirdParty?: boolean;
  /** Whether challenges are real puzzles, which nobody solves here. */
  readonly realPuzzles?: boolean;
}

/** Who calls, and whose calls they are counted as. */
export interface Caller {
  readonly side: "attacker" | "people";
  readonly address: string;
  readonly deviceToken?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether a demanded challenge is solved and the request sent again. */
  readonly solves: boolean;
  /** Further fields of the body. */
  readonly body?: object;
}

export interface Sent {
  readonly sent: true;
  readonly challenged: boolean;
  readonly id: string;
  /** The code in the message. */
  readonly code: string;
  /** How long until the next message may be asked for. */
  readonly waitMs: number;
}

export type Started = Sent | { readonly sent: false; readonly challenged: boolean; readonly waitMs: number };

/** One message that an attacker caused. */
export interface AttackSend {
  readonly at: number;
  /** In E.164, however the attacker spelled it. */
  readonly phone: string;
}

export interface LedgerRow {
  readonly tag: string;
  readonly codeLength: number;
  readonly count: number;
}

/** The service that is attacked: all of Phonekey in this process, with simulated time and a sender that counts. */
export interface Service {
  readonly simulation: Simulation;
  readonly chance: Chance;
  readonly world: World;
  readonly sends: AttackSend[];
  readonly work: { solved: number };
  start(caller: Caller, phone: string): Promise<Started>;
  resend(caller: Caller, id: string): Promise<Started>;
  /** One guess; resolves with the device token if it was right, otherwise undefined. */
  guess(caller: Caller, id: string, code: string): Promise<string | undefined>;
  /** All wrong guesses that were looked at, from the durable ledger. */
  ledger(): Promise<readonly LedgerRow[]>;
  close(): Promise<void>;
}

/**
 * Runs `compose` with the default settings on a real SQLite database with limits in memory; requests go through the HTTP
 * application. Challenges are judged by a stand-in that takes any solution that claims to be right: the work is counted,
 * and its cost is measured once with real puzzles (`cost.ts`).
 */
export async function openService(options: ServiceOptions): Promise<Service> {
  const { mode, env } = options;
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "phonekey-attack-"));
  const challenges = mode === "on" && !options.realPuzzles ? challengesOf(options) : undefined;
  const world = await createWorld({
    folder,
    ...(options.maxCodeLength && { maxCodeLength: options.maxCodeLength }),
    // So that all wrong guesses can be counted at the end; they still count for 30 days only.
    env: { STATE_URL: "memory:", RETENTION_FAILURES_DAYS: "400", ...(mode === "off" && OFF), ...env },
    parts: { deadline: () => deadlineIn(600_000), ...(challenges && { challenges }) },
  });
  world.clock.advance(START - world.clock.now());
  const simulation = createSimulation(world.clock);
  const chance = createChance(options.seed);
  const sends: AttackSend[] = [];
  const work = { solved: 0 };
  simulation.spawn(simulation.now(), keepHouse);

  /** Deletes and learns, as a server does periodically. */
  async function keepHouse(): Promise<void> {
    for (;;) {
      await world.tick();
      await simulation.sleep(HOUR);
    }
  }

  async function send(caller: Caller, path: string, body: object): Promise<Started> {
    const ask = (more: object = {}) =>
      world.post(path, { ...body, ...more }, { ...caller.headers }, caller.address);
    let response = await ask();
    const challenged = response.status === 403;
    if (challenged && caller.solves && challenges) {
      work.solved += 1;
      response = await ask({ captcha: solution(`${options.seed}-${work.solved}`, options) });
    }
    const answer = (await response.json()) as {
      id: string;
      resendAt: string;
      retryAfter?: number;
    };
    const message = world.sms.sent.at(-1);
    if (!response.ok || !message) {
      return { sent: false, challenged, waitMs: (answer.retryAfter ?? 0) * SECOND };
    }
    const { to: phone, code } = message;
    if (caller.side === "attacker") sends.push({ at: simulation.now(), phone });
    const waitMs = Date.parse(answer.resendAt) - simulation.now();
    return { sent: true, challenged, id: answer.id, code, waitMs };
  }

  return {
    simulation,
    chance,
    world,
    sends,
    work,
    start: (caller, phone) => {
      const { deviceToken, body } = caller;
      const asked = { phone, ...(deviceToken && { deviceToken }), ...body };
      return send(caller, "/v1/verifications", asked);
    },
    resend: (caller, id) => send(caller, `/v1/verifications/${id}/resend`, {}),
    async guess({ address, deviceToken, headers }, verificationId, code) {
      const body = { verificationId, code, ...(deviceToken && { deviceToken }) };
      const response = await world.post("/v1/sessions", body, { ...headers }, address);
      return response.status === 201
        ? ((await response.json()) as { deviceToken: string }).deviceToken
        : undefined;
    },
    ledger: () => readLedger(world),
    async close() {
      await world.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function challengesOf({ thirdParty = false }: ServiceOptions): Challenges {
  const { verifier } = thirdParty ? createTestVerifier() : createTestVerifier("altcha", false);
  return { verifier, when: "risk" };
}

function solution(id: string, { thirdParty }: ServiceOptions) {
  return thirdParty ? { kind: "turnstile", token: `good:${id}` } : { kind: "altcha", payload: `good:${id}` };
}

/** The command line may read beside the server, so the test may too. */
async function readLedger({ config }: World): Promise<readonly LedgerRow[]> {
  if (config.database.kind !== "sqlite") throw new Error("attacks are played on SQLite");
  const { db, close } = await openSqlite(`sqlite:${config.database.path}`);
  const rows = await db
    .selectFrom("failures")
    .select(["phone_tag as tag", "code_length as codeLength", (of) => of.fn.countAll<number>().as("count")])
    .groupBy(["phone_tag", "code_length"])
    .execute();
  await close();
  return rows.map(({ tag, codeLength, count }) => ({ tag, codeLength, count: Number(count) }));
}
