import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Composed, compose, migrateDatabase, type Parts } from "../../src/compose.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import type { MessageOutline, SendOutcome, SmsMessage, SmsSender } from "../../src/core/delivery/ports.ts";
import { createTestClock, type TestClock } from "./clock.ts";

export { createTestClock, type TestClock };

export const ORIGIN = "http://localhost:8080";

/** What was sent. Only notices have no code, and tests that read a code do not read notices. */
type Sent = SmsMessage & { readonly code: string };

/** A sender that keeps what it was given and answers as told. */
export function createTestSender(name = "test", maxCodeLength = 8, templatesOnly?: true) {
  const sent: Sent[] = [];
  let answer: SmsSender["send"] = async () => ({
    status: "accepted",
  });
  let carries = (_: MessageOutline) => true;
  const sender: SmsSender = {
    carries: (message) => carries(message),
    name,
    maxCodeLength,
    resendFloorSeconds: 0,
    ...(templatesOnly && { templatesOnly }),
    send: (message, deadline) => {
      sent.push(message as Sent);
      return answer(message, deadline);
    },
  };
  return {
    sender,
    sent,
    /** What it answers from now on. */
    answer(next: SendOutcome | typeof answer) {
      answer = typeof next === "function" ? next : async () => next;
    },
    /** Which messages it has a text for from now on. */
    carry(next: typeof carries) {
      carries = next;
    },
    /** The code of the last message, to this phone if one is named. */
    lastCode(to?: string): string {
      const message = sent.findLast((one) => one.code && (to === undefined || one.to === to));
      if (!message) throw new Error("nothing was sent");
      return message.code;
    },
  };
}

export interface WorldOptions {
  /** Environment variables over those of a plain development setup. */
  readonly env?: Readonly<Record<string, string>>;
  readonly maxCodeLength?: number;
  /** Whether the sender only fills templates. */
  readonly templatesOnly?: true;
  /** An existing folder: the world goes on with the database in it. */
  readonly folder?: string;
  readonly clock?: TestClock;
  /** Uses the console sender and its inbox instead of the test sender. */
  readonly inbox?: boolean;
  /** Parts in place of those that the world brings. */
  readonly parts?: Parts;
}

const SECRET = "dGhpcyBpcyBhIHRlc3Qgc2VjcmV0LCBub3QgYSByZWFsIG9uZQ";

export function testConfig(
  folder: string,
  env: Readonly<Record<string, string>> = {},
  now = Date.now(),
): Config {
  const loaded = loadConfig({ PHONEKEY_SECRETS: SECRET, LOG_LEVEL: "info", ...env }, { folder, now });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

/** Brings a database up to date. A new SQLite file is a copy of one that was: closing that one takes longer than most tests. */
async function migrate(config: Config): Promise<void> {
  const { database } = config;
  if (database.kind !== "sqlite" || existsSync(database.path)) {
    await migrateDatabase(config);
    return;
  }
  migrated ??= migratedFile();
  mkdirSync(dirname(database.path), { recursive: true, mode: 0o700 });
  writeFileSync(database.path, await migrated, { mode: 0o600 });
}

let migrated: Promise<Buffer> | undefined;

async function migratedFile(): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-test-"));
  const path = join(folder, "migrated.db");
  await migrateDatabase(testConfig(folder, { DATABASE_URL: `sqlite:${path}` }));
  const file = readFileSync(path);
  rmSync(folder, { recursive: true, force: true });
  return file;
}

/** A whole Phonekey on a real SQLite file, with a clock, a sender and a log that tests can see. */
export async function createWorld(options: WorldOptions = {}) {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "phonekey-test-"));
  const clock = options.clock ?? createTestClock();
  const sms = createTestSender("test", options.maxCodeLength, options.templatesOnly);
  const logged: object[] = [];
  const note = (fields: object, message: string) => void logged.push({ ...fields, message });
  const config = testConfig(folder, options.env, clock.now());
  await migrate(config);
  const composed: Composed = await compose(config, {
    clock,
    log: { info: note, warn: note, error: note },
    assets: { script: "/assets/test.js", style: "/assets/test.css", read: () => undefined },
    ...(!options.inbox && { route: [sms.sender] }),
    ...options.parts,
  });
  const world = {
    folder,
    clock,
    sms,
    logged,
    config,
    app: composed.app,
    tick: composed.tick,
    /** Sends a request as if from a socket at `from`. */
    request: (path: string, init: RequestInit & { from?: string } = {}) =>
      composed.app.request(new URL(path, ORIGIN).href, init, {
        incoming: { socket: { remoteAddress: init.from ?? "203.0.113.7" } },
      }),
    post: (path: string, body: unknown, headers: Record<string, string> = {}, from?: string) =>
      world.request(path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
        ...(from && { from }),
      }),
    /** Starts, reads the code that was sent and signs in. */
    async signIn(phone = "+8613800138000", more: object = {}) {
      const started = await world.post("/v1/verifications", { phone, ...more });
      const { id } = (await started.json()) as { id: string };
      const body = { verificationId: id, code: world.sms.lastCode(), ...more };
      const opened = await world.post("/v1/sessions", body);
      if (opened.status !== 201) throw new Error(`sign-in answered ${opened.status}: ${await opened.text()}`);
      return (await opened.json()) as OpenedSession;
    },
    async close() {
      await composed.close();
      if (!options.folder) rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}

export type World = Awaited<ReturnType<typeof createWorld>>;

export interface OpenedSession {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly deviceToken: string;
  readonly expiresIn: number;
  readonly created: boolean;
  readonly user: {
    readonly id: string;
    readonly phone: string;
    readonly name: string;
    readonly avatar: string;
  };
}

/** The header that carries an access token. */
export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}
