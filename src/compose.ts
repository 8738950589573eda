import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createCommonPasswords } from "./adapters/common-passwords/list.ts";
import { createConsoleSender } from "./adapters/console/sender.ts";
import { createTokens } from "./adapters/jose/tokens.ts";
import { createKeyring } from "./adapters/keyring/keyring.ts";
import { createPhoneVault } from "./adapters/keyring/vault.ts";
import { createTotp } from "./adapters/otpauth/totp.ts";
import { createMetrics, type Metrics } from "./adapters/prometheus/metrics.ts";
import { qrPath } from "./adapters/qr/path.ts";
import { createPasswordHasher } from "./adapters/scrypt/hasher.ts";
import { createPasskeys } from "./adapters/simplewebauthn/passkeys.ts";
import type { SqlDatabase } from "./adapters/sql/database.ts";
import { createSqlStores, type SqlStores } from "./adapters/sql/stores.ts";
import { loadAssets } from "./adapters/system/assets.ts";
import { pause, systemClock } from "./adapters/system/clock.ts";
import { createLog, gatheredOutput } from "./adapters/system/log.ts";
import { isWithin } from "./adapters/system/networks.ts";
import { systemRandom } from "./adapters/system/random.ts";
import { createVerifier } from "./adapters/webhook/signature.ts";
import { alertsOf } from "./compose/alerts.ts";
import { openChallenges } from "./compose/challenges.ts";
import { databaseOnDemand, openDatabase } from "./compose/database.ts";
import { createTick, type Tick } from "./compose/maintenance/maintenance.ts";
import { tellMissingNotices } from "./compose/notices.ts";
import { loggedBy, observerOf } from "./compose/observer.ts";
import { type Platform, platformOf } from "./compose/platform.ts";
import { learnedOf, tellTestNumbers } from "./compose/protection.ts";
import { checkCodeLength, isConsole, routeOf, sendDeadline } from "./compose/route.ts";
import { coreSettings, httpSettings, originOf } from "./compose/settings.ts";
import { openState, type State } from "./compose/state.ts";
import type { Config } from "./config.ts";
import type { Deadline, SmsSender } from "./core/delivery/ports.ts";
import type { Keyring } from "./core/keys.ts";
import type { Observer } from "./core/observer.ts";
import type { PasswordHasher } from "./core/password/ports.ts";
import { createPhonekey, type PhonekeyDeps } from "./core/phonekey.ts";
import type { Clock, Random } from "./core/ports.ts";
import type { Challenges } from "./core/protection/challenges/ports.ts";
import type { Tokens } from "./core/session/ports.ts";
import { type App, createApp } from "./http/app.ts";
import type { Assets, Log } from "./http/context.ts";
import type { Arrive } from "./http/scf/arrival.ts";

export { assertMigrated, migrateDatabase } from "./compose/database.ts";

/**
 * Parts to use instead of those that the settings choose, for tests: another clock, other senders, a log that is kept.
 */
export interface Parts {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
  readonly route?: readonly SmsSender[];
  readonly assets?: Assets;
  readonly challenges?: Challenges;
  readonly passwordHasher?: PasswordHasher;
  readonly deadline?: () => Deadline;
  /** Sees the text of every SQL statement. */
  readonly onStatement?: (sql: string) => void;
}

/** Phonekey put together from its parts, ready to answer. */
export interface Composed {
  readonly app: App;
  readonly log: Log;
  readonly metrics: Metrics;
  /** On SCF: removes from a request what the platform added, and tells the client's address. */
  readonly arrive?: Arrive;
  /** Whether this one shows the messages of the console sender. */
  readonly hasInbox: boolean;
  /** Does the periodic work that is due, unless another process does it. */
  readonly tick: Tick;
  close(): Promise<void>;
}

/** Where the build puts what browsers load, seen from the built `compose.js`. */
const WEB_FOLDER = fileURLToPath(new URL("./web/", import.meta.url));

export const VERSION = readVersion();

/**
 * Puts the parts together that the settings choose. The database must have been migrated.
 *
 * Rejects with `UnavailableError` if the database cannot be opened, and with `CodeTooLongError` if a sender does not
 * carry codes of `CODE_LENGTH`.
 */
export async function compose(config: Config, parts: Parts = {}): Promise<Composed> {
  const { clock = systemClock, random = systemRandom } = parts;
  // A function connects with the first request that needs the database. If the database is down, only that request
  // fails.
  const database = config.scf
    ? await databaseOnDemand(config, (opened) => ensureKeys(config, opened, clock, random))
    : await openDatabase(config, parts);
  try {
    const log = parts.log ?? openLog(config);
    return await assemble({ config, parts, clock, random, log }, database);
  } catch (error) {
    // An open database would keep a process alive that failed to start.
    await database.close();
    throw error;
  }
}

/** What every part is made from. */
interface Basics {
  readonly config: Config;
  readonly parts: Parts;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Makes each part after those that it is made from: the senders, which may refuse the settings, then what is kept, the
 * core, the doors, and the periodic work. The state store is opened here; it and the database are closed together.
 */
async function assemble(basics: Basics, database: SqlDatabase): Promise<Composed> {
  const { config, parts, clock, random, log } = basics;
  const { platform, inbox, route } = chooseSenders(basics);
  const assets = parts.assets ?? loadAssets(WEB_FOLDER);
  const { stores, keyring, state } = await openStores(basics, database);

  const issuer = originOf(config);
  const tokens = createTokens({ keyring, issuer, audience: issuer });
  const metrics = createMetrics();
  const observer = observerOf(metrics.observer, log);
  const phonekey = createPhonekey(
    coreDeps(basics, { platform, route, stores, keyring, state, issuer, tokens, observer }),
  );
  const app = createApp({
    phonekey,
    jwks: () => tokens.jwks(),
    issuer,
    ready: async () => void (await Promise.all([database.ping(), state.ping()])),
    clock,
    random,
    log,
    metrics,
    settings: httpSettings(config, VERSION),
    assets,
    drawQr: qrPath,
    pause,
    ...(config.smsWebhook && { isFromWebhook: createVerifier(config.smsWebhook, clock) }),
    ...(inbox && config.mode === "development" && { inbox }),
  });
  const accounts = { phone_changes: phonekey.life.applyDueChanges, notices: phonekey.notices.sendDue };
  const { limits } = state;
  const tick = createTick({ config, database, stores, limits, clock, random, observer, log, accounts });
  return {
    app,
    log,
    metrics,
    ...(platform.arrive && { arrive: platform.arrive }),
    hasInbox: inbox !== undefined,
    tick,
    close: async () => void (await Promise.all([state.close(), database.close()])),
  };
}

/** The senders of messages, and what the platform adds to requests. Throws `CodeTooLongError`. */
function chooseSenders({ config, parts, clock, log }: Basics) {
  const platform = platformOf(config, log);
  const inbox = isConsole(config) && !parts.route ? createConsoleSender({ clock }) : undefined;
  const route = parts.route ?? (inbox ? [inbox] : routeOf(config, { clock, platform }));
  checkCodeLength(config, route);
  tellTestNumbers(config, log);
  tellMissingNotices(config, log);
  return { platform, inbox, route };
}

/** The stores. A server reads its keys at once; a function reads them with its first request. */
async function openStores({ config, clock, random, log }: Basics, database: SqlDatabase) {
  const stores = createSqlStores(database, { clock, onStaleKey: () => keyring.invalidate() });
  // During the start, unreadable keys make this function reject below, and the caller reports it. The log need not
  // repeat it.
  let isRunning = false;
  const keyring = createKeyring({
    store: stores.keys,
    secrets: config.secrets,
    clock,
    random,
    onReloadError: (err) => isRunning && log.error({ err }, "keys could not be read"),
  });
  if (!config.scf) await keyring.ensure();
  isRunning = true;
  return { stores, keyring, state: await openState(config, stores, log) };
}

interface CoreParts {
  readonly platform: Platform;
  readonly route: readonly SmsSender[];
  readonly stores: SqlStores;
  readonly keyring: Keyring;
  readonly state: State;
  readonly issuer: string;
  readonly tokens: Tokens;
  readonly observer: Observer;
}

/** What serves each port of the core. */
function coreDeps(
  { config, parts, clock, random, log }: Basics,
  { platform, route, stores, keyring, state, issuer, tokens, observer }: CoreParts,
): PhonekeyDeps {
  const challenges =
    parts.challenges ?? openChallenges(config, { keyring, random, log, platform, origin: issuer });
  return {
    settings: coreSettings(config, route, issuer),
    clock,
    random,
    // The stores of the database, but these two where `STATE_URL` says.
    ...stores,
    verifications: state.verifications,
    limits: state.limits,
    // What encrypts and signs.
    keyring,
    vault: createPhoneVault({ keyring, random }),
    tokens,
    // What sends, and what judges who may have something sent.
    route,
    deadline: parts.deadline ?? sendDeadline,
    learned: learnedOf(stores, clock, log),
    ...(challenges && { challenges }),
    // What judges passwords and second factors.
    passwordHasher: parts.passwordHasher ?? createPasswordHasher({ random }),
    commonPasswords: createCommonPasswords(),
    totp: createTotp({ random }),
    passkeys: createPasskeys(),
    // Whether a backend calls from a network of its key.
    isWithin,
    // What is told: the operator, the counters and the log.
    alerts: alertsOf({ store: stores.alertStore, clock, random }, log, observer),
    ...observer,
    ...loggedBy(log),
  };
}

/**
 * A server gathers lines and writes many at once. A function may be frozen at any moment, so it writes each line at
 * once.
 */
function openLog({ logLevel, scf }: Config): Log {
  return scf ? createLog(logLevel) : createLog(logLevel, gatheredOutput());
}

/** Makes the missing keys. Rejects if the existing ones cannot be read. */
async function ensureKeys({ secrets }: Config, database: SqlDatabase, clock: Clock, random: Random) {
  const { keys: store } = createSqlStores(database, { clock, onStaleKey: () => {} });
  await createKeyring({ store, secrets, clock, random }).ensure();
}

function readVersion(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
