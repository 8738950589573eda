import { dirname, resolve } from "node:path";
import { checkKeys } from "../../adapters/keyring/doctor.ts";
import type { SqlDatabase } from "../../adapters/sql/database.ts";
import { isSqlite } from "../../adapters/sql/database.ts";
import { createKeyStore } from "../../adapters/sql/keys/keys.ts";
import {
  checkClock,
  checkIndexes,
  checkRights,
  checkSchema,
  checkTick,
  checkVersion,
  isMigrated,
} from "../../adapters/sql/maintenance/doctor.ts";
import { checkCharset, checkEncryption } from "../../adapters/sql/mysql/doctor.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { checkModes } from "../../adapters/system/files.ts";
import { systemRandom } from "../../adapters/system/random.ts";
import { checkTexts } from "../../adapters/tencent/doctor.ts";
import { reachWebhook, type WebhookSettings } from "../../adapters/webhook/post.ts";
import { SECRET_FILE } from "../../config/development-secret.ts";
import type { SenderConfig } from "../../config/parts/senders.ts";
import type { TencentSenderConfig } from "../../config/parts/tencent.ts";
import type { Config } from "../../config.ts";
import { doubtful, examine, fine, type NamedCheck, wrong } from "../../core/maintenance/doctor.ts";
import type { Check, Finding } from "../../core/maintenance/ports.ts";
import type { Clock } from "../../core/ports.ts";
import { isOwnHost, NOWHERE, type ScfSettings } from "../../http/scf/own-host.ts";
import { checkWebhook } from "../alerts.ts";
import { missingFile, openDatabase } from "../database.ts";
import { explain } from "../explain.ts";
import { checkNotices } from "../notices.ts";
import { isConsole } from "../route.ts";
import { smsAdmin } from "../tools/tencent.ts";
import { checkCaptcha } from "./captcha.ts";

interface DoctorOptions {
  readonly clock?: Clock;
  /** Where `data/` lies; the working folder by default. */
  readonly folder?: string;
}

/** Tests every part that the settings choose by using it. Never rejects. */
export async function examineParts(
  config: Config,
  { clock = systemClock, folder = "." }: DoctorOptions = {},
): Promise<readonly Finding[]> {
  return [
    ...(await examineDatabase(config, clock)),
    ...(await examine([stateCheck(config, clock)], explain)),
    ...checkModes(filesOf(config, folder), process.platform),
    checkSender(config),
    ...checkNotices(config),
    ...(await examine(config.senders.flatMap(senderChecks), explain)),
    ...(await examine(serviceChecks(config), explain)),
    checkAddress(config),
    checkProxies(config),
    ...checkRole(config),
  ];
}

async function examineDatabase(config: Config, clock: Clock): Promise<readonly Finding[]> {
  const missing = missingFile(config);
  if (missing !== undefined) return [notThere(config, missing)];
  let database: SqlDatabase | undefined;
  try {
    database = await openDatabase(config);
    return await examine(databaseChecks(config, database, clock), explain);
  } catch (error) {
    return [{ name: "database", status: "wrong", says: explain(error), todo: "Check DATABASE_URL." }];
  } finally {
    await database?.close();
  }
}

/** An operator who is in another folder than they think must not find a new, empty database there. */
function notThere({ mode }: Config, path: string): Finding {
  const says = `there is no file at ${path}`;
  const todo = "Run `phonekey migrate`. If you have a database, look at DATABASE_URL and the working folder.";
  if (mode === "production") return wrong("database", says, { todo });
  return doubtful("database", `${says}; the server makes it when it starts`, { todo });
}

function databaseChecks(config: Config, database: SqlDatabase, clock: Clock): NamedCheck[] {
  const whenMigrated =
    (check: Check): Check =>
    async () =>
      (await isMigrated(database)) ? await check() : [];
  const scratch = `phonekey_doctor_${Buffer.from(systemRandom.bytes(6)).toString("hex")}`;
  const keys = { store: createKeyStore(database), secrets: config.secrets, random: systemRandom };
  return [
    { name: "database", check: () => checkVersion(database) },
    { name: "schema", check: () => checkSchema(database, config.mode === "development") },
    { name: "rights", check: whenMigrated(() => checkRights(database, scratch)) },
    { name: "indexes", check: whenMigrated(() => checkIndexes(database)) },
    { name: "database, clock", check: () => checkClock(database, clock) },
    ...mysqlChecks(config, database),
    { name: "keys", check: whenMigrated(() => checkKeys(keys)) },
    { name: "periodic work", check: whenMigrated(() => checkTick(database, clock)) },
  ];
}

function mysqlChecks({ database: server }: Config, database: SqlDatabase): NamedCheck[] {
  if (isSqlite(database.db)) return [];
  const isWanted = "tls" in server && server.tls !== undefined;
  const isLocal = "socketPath" in server && server.socketPath !== undefined;
  return [
    { name: "database, encryption", check: () => checkEncryption(database, { isWanted, isLocal }) },
    { name: "database, character set", check: () => checkCharset(database) },
  ];
}

function stateCheck(config: Config, clock: Clock): NamedCheck {
  return { name: "Redis", check: () => checkState(config, clock), todo: "Check STATE_URL." };
}

async function checkState({ state, mode }: Config, clock: Clock): Promise<readonly Finding[]> {
  if (state.kind === "database") return [fine("state", "is kept in the database")];
  if (state.kind !== "redis") return [forgetful(mode)];
  const { connectRedis } = await import("../../adapters/redis/connection.ts");
  const { checkNodes, checkScripts } = await import("../../adapters/redis/doctor.ts");
  // The doctor reports a failure at once and does not retry: what fails now would fail again.
  const redis = await connectRedis(state, { reconnects: false });
  try {
    const isCluster = state.topology === "cluster";
    const asked = { clock, isCluster, isEncrypted: state.tls !== undefined };
    const checks = [() => checkNodes(redis, asked), () => checkScripts(redis)];
    return await examine(
      checks.map((check) => ({ name: "Redis", check, todo: "See Redis in docs/running.md." })),
      explain,
    );
  } finally {
    await redis.close();
  }
}

function forgetful(mode: Config["mode"]): Finding {
  const says = "is kept in memory: a restart forgets every code and limit";
  return mode === "production" ? doubtful("state", says) : fine("state", says);
}

/** Files that others must not read: the development secret, the database and the files that SQLite keeps beside it. */
function filesOf({ database }: Config, folder: string): string[] {
  const secret = resolve(folder, SECRET_FILE);
  if (database.kind !== "sqlite") return [secret];
  const { path } = database;
  return [...new Set([dirname(secret), secret, dirname(path), path, `${path}-wal`, `${path}-shm`])];
}

/** Asks the provider, once for each kind of messages that the settings have a text for. */
function senderChecks(sender: SenderConfig): NamedCheck[] {
  switch (sender.name) {
    case "console":
      return [];
    case "tencent":
      return tencentChecks(sender);
    case "webhook":
      return [{ name: BY_WEBHOOK, check: () => checkSmsWebhook(sender), todo: "Check SMS_WEBHOOK." }];
  }
}

const BY_WEBHOOK = "SMS by webhook";

function tencentChecks(tencent: TencentSenderConfig): NamedCheck[] {
  const kinds = [
    { name: "SMS to mainland China", kind: "mainland" },
    { name: "SMS to other numbers", kind: "international" },
  ] as const;
  return kinds
    .filter(({ kind }) => tencent[kind].template)
    .map(({ name, kind }) => ({
      name,
      check: () => checkTexts(name, smsAdmin(tencent, kind), tencent[kind]),
    }));
}

/** Checks that `SMS_WEBHOOK` answers. Rejects if it does not. */
async function checkSmsWebhook(webhook: WebhookSettings): Promise<readonly Finding[]> {
  await reachWebhook(webhook, "SMS_WEBHOOK");
  return [fine(BY_WEBHOOK, "the address in SMS_WEBHOOK answers")];
}

/** What else is asked, or told, over the network. */
function serviceChecks(config: Config): NamedCheck[] {
  return [
    { name: "captcha", check: () => checkCaptcha(config) },
    { name: "alerts", check: () => checkWebhook(config), todo: "Check ALERT_WEBHOOK." },
  ];
}

function checkSender(config: Config): Finding {
  if (isConsole(config)) return fine("sender", "is `console`: messages go to the development inbox");
  return fine("sender", `is ${config.senders.map(({ name }) => `\`${name}\``).join(", then ")}`);
}

function checkAddress({ server, mode, scf }: Config): Finding {
  const name = "public address";
  if (scf && !server.publicUrl)
    return fine(name, `is the function's own; tokens name ${NOWHERE} as their issuer`);
  if (server.publicUrl?.startsWith("https:")) return fine(name, `${server.publicUrl}, with https`);
  if (mode === "development") {
    return fine(name, `${server.publicUrl ?? `http://localhost:${server.port}`}, for development`);
  }
  return doubtful(name, "is not https", { todo: "Put https in front, and write it in PUBLIC_URL." });
}

function checkProxies({ server, mode, scf }: Config): Finding {
  const name = "client addresses";
  if (server.clientIpHeader) return fine(name, `are read from ${server.clientIpHeader}, whoever sends it`);
  if (server.trustedProxies.length > 0) {
    return fine(name, `are read from X-Forwarded-For of ${server.trustedProxies.join(", ")}`);
  }
  if (scf) return checkPlatform(server, scf);
  const says = "are those of the connections; no proxy is trusted";
  if (mode === "development") return fine(name, says);
  return doubtful(name, `${says}, and behind one in this network the address limits are off`, {
    todo: "If a proxy or load balancer is in front, name it in TRUSTED_PROXIES.",
  });
}

/** A custom domain in front of a function lets a client's own `x-scf-remote-addr` pass (T35). */
function checkPlatform({ publicUrl }: Config["server"], scf: ScfSettings): Finding {
  const name = "client addresses";
  const says = "are told by the platform on the function's own URL";
  if (isOnOwnHost(publicUrl, scf)) return fine(name, says);
  return doubtful(name, `${says}; on a custom domain nobody tells them, and the address limits are off`, {
    todo: "If something in front tells them, name its header in CLIENT_IP_HEADER, or its addresses in TRUSTED_PROXIES.",
  });
}

/** A web function accepts the keys of its role only from requests to its own host (decision 0022). */
function checkRole({ senders, server, scf }: Config): Finding[] {
  const tencent = senders.find((sender) => sender.name === "tencent");
  if (!tencent || tencent.credential || !scf?.hasRoleHeaders) return [];
  const name = "keys of the role";
  const says = "come with requests to the function's own URL";
  if (isOnOwnHost(server.publicUrl, scf)) return [fine(name, says)];
  return [
    doubtful(name, `${says}; those on a custom domain bring none, and without keys no message goes out`, {
      todo: "Unless what is in front calls that URL, set TENCENT_SECRET_ID and TENCENT_SECRET_KEY of a sub-account.",
    }),
  ];
}

function isOnOwnHost(publicUrl: string | undefined, scf: ScfSettings): boolean {
  return publicUrl === undefined || isOwnHost(new URL(publicUrl).host, scf);
}
