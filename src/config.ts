import { resolve } from "node:path";
import { z } from "zod";
import { developmentSecret, keptSecret, SECRET_FILE } from "./config/development-secret.ts";
import type { DatabaseUrl } from "./config/formats/database-url.ts";
import type { Parsed } from "./config/formats/format.ts";
import type { StateUrl } from "./config/formats/redis-url.ts";
import { secretList } from "./config/formats/secrets.ts";
import { lacking } from "./config/lacking.ts";
import { type Mode, modeOf } from "./config/mode.ts";
import { type AccountsConfig, arrangeAccounts } from "./config/parts/accounts.ts";
import { arrangeAlerts, type WebhookConfig } from "./config/parts/alerts.ts";
import { arrangeChallenges, type ChallengesConfig } from "./config/parts/challenges.ts";
import { arrangePhone, type PhoneConfig } from "./config/parts/delivery.ts";
import { arrangeFunctions, type FunctionsConfig } from "./config/parts/functions.ts";
import { arrangeLife, type LifeConfig } from "./config/parts/life.ts";
import { arrangeLimits, type LimitsConfig } from "./config/parts/limits.ts";
import { arrangeMetrics, type MetricsConfig } from "./config/parts/metrics.ts";
import { arrangePages, type PagesConfig } from "./config/parts/pages.ts";
import { arrangeProtection, foreignBudgets, type ProtectionConfig } from "./config/parts/protection.ts";
import { arrangeRetention, type RetentionConfig } from "./config/parts/retention.ts";
import { arrangeScf, SCF_DEFAULTS, type ScfConfig } from "./config/parts/scf.ts";
import { arrangeSenders, type SenderConfig } from "./config/parts/senders.ts";
import { arrangeServer, type ServerConfig } from "./config/parts/server.ts";
import { arrangeSessions, type SessionConfig } from "./config/parts/sessions.ts";
import { arrangeSmsWebhook } from "./config/parts/sms-webhook.ts";
import { arrangeDatabase, arrangeState } from "./config/parts/stores.ts";
import { arrangeTencent, TENCENT_KEY, type TencentConfig, tencentVariables } from "./config/parts/tencent.ts";
import { unfitTestNumbers } from "./config/parts/test-numbers.ts";
import { arrangeVerification, type VerificationConfig } from "./config/parts/verification.ts";
import {
  type Problem,
  type SettingName,
  type Settings,
  settingsSchema,
  type Texts,
} from "./config/schema.ts";
import { unfitInProduction, unfitOnScf } from "./config/unfit.ts";
import { doubts, doubtsOnScf, misspelt } from "./config/warnings.ts";
import type { TestNumber } from "./core/verification/test-numbers.ts";

/** The settings, checked. Frozen, with everything in it. */
export interface Config {
  readonly mode: Mode;
  readonly server: ServerConfig;
  /** Set where this is a function of Tencent Cloud SCF. */
  readonly scf?: ScfConfig;
  /** The current one first; each is used as the bytes of its text. None only in development, where none was made yet. */
  readonly secrets: readonly string[];
  /** Paths are absolute. */
  readonly database: DatabaseUrl;
  readonly state: StateUrl;
  /** In the order in which they are tried. */
  readonly senders: readonly SenderConfig[];
  /** The service behind `SMS_WEBHOOK`. It may still report on messages after another sender was chosen. */
  readonly smsWebhook?: WebhookConfig;
  readonly tencent: TencentConfig;
  readonly alerts?: WebhookConfig;
  readonly metrics: MetricsConfig;
  readonly phone: PhoneConfig;
  readonly verification: VerificationConfig;
  readonly testNumbers: readonly TestNumber[];
  readonly limits: LimitsConfig;
  readonly challenges: ChallengesConfig;
  readonly protection: ProtectionConfig;
  readonly accounts: AccountsConfig;
  readonly session: SessionConfig;
  readonly life: LifeConfig;
  readonly retention: RetentionConfig;
  readonly functions: FunctionsConfig;
  readonly pages: PagesConfig;
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
}

export type Loaded =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly warnings: readonly string[] };

/**
 * Reads all settings and reports every problem at once.
 *
 * In development without `PHONEKEY_SECRETS` the secret in `data/secret` is used.
 *
 * @param env the environment; variables that are blank count as not set.
 * @param options.folder where `data/` and a relative `DATABASE_URL` begin; the working folder by default.
 * @param options.now epoch milliseconds, for what has a date.
 * @param options.onScf whether this is a function of Tencent Cloud SCF, which has defaults and needs of its own.
 * @param options.makesSecret whether `data/secret` is made where it is needed and missing; true by default.
 */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>> = process.env,
  options: {
    readonly folder?: string;
    readonly onScf?: boolean;
    readonly now?: number;
    readonly makesSecret?: boolean;
  } = {},
): Loaded {
  const names = Object.keys(settingsSchema.shape) as SettingName[];
  const { onScf = false, now = Date.now(), makesSecret = true } = options;
  const texts = { ...(onScf && SCF_DEFAULTS), ...textsOf(env, names) };
  const mode = modeOf(texts);
  const typos = misspelt(Object.keys(env), names);

  const read = settingsSchema.safeParse(texts);
  const problems = [
    ...unread(read.error),
    ...lacking(texts, hasRole(env)),
    ...(mode === "production" ? unfitInProduction(texts, onScf) : []),
    ...(onScf ? unfitOnScf(texts) : []),
  ];
  if (!read.success || problems.length > 0) return failed(inOrder(problems, names), typos);

  const mixed = misfits(read.data, now);
  if (mixed.length > 0) return failed(mixed, typos);

  const folder = resolve(options.folder ?? ".");
  const secrets = secretsOf(read.data, folder, makesSecret);
  if (!secrets.ok) return failed([{ name: "PHONEKEY_SECRETS", message: secrets.problem }], typos);
  const scf = onScf ? arrangeScf(read.data, folder, env) : undefined;
  const config = freeze(arrange(read.data, { mode, folder, secrets: secrets.value, ...(scf && { scf }) }));
  const doubtful = doubts(read.data, new Set(Object.keys(texts)), mode, now);
  const warnings = [...typos, ...doubtful, ...(onScf ? doubtsOnScf(texts) : [])];
  return { ok: true, config, warnings };
}

export type TencentLoaded =
  | { readonly ok: true; readonly tencent: TencentConfig }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads the settings of Tencent Cloud alone, of which only a key must be there: the set-up comes before there are
 * templates, and needs no store and no secret of ours.
 */
export function loadTencent(env: Readonly<Record<string, string | undefined>> = process.env): TencentLoaded {
  const schema = z.object(tencentVariables);
  const read = schema.safeParse(textsOf(env, Object.keys(schema.shape) as SettingName[]));
  if (!read.success) return { ok: false, problems: unread(read.error) };
  const tencent = arrangeTencent(read.data);
  const missing = TENCENT_KEY.filter((name) => !read.data[name]);
  if (tencent.credential || (missing.length === TENCENT_KEY.length && roleCredential(env)))
    return { ok: true, tencent };
  return { ok: false, problems: missing.map((name) => ({ name, message: "must be set" })) };
}

function failed(problems: readonly Problem[], warnings: readonly string[]): Loaded {
  return { ok: false, problems, warnings };
}

function textsOf(env: Readonly<Record<string, string | undefined>>, names: readonly SettingName[]): Texts {
  const entries = names.map((name) => [name, env[name]?.trim()] as const);
  return Object.fromEntries(entries.filter(([, text]) => text));
}

function unread(error: z.ZodError | undefined): Problem[] {
  return (error?.issues ?? []).map(({ path, message }) => ({ name: path[0] as SettingName, message }));
}

/** Settings that are right by themselves and do not go with others. */
function misfits(values: Settings, now: number): Problem[] {
  const budgets = foreignBudgets(values).map((name) => ({
    name,
    message: "must be in the currency of SMS_PRICES",
  }));
  const around = { phones: arrangePhone(values), codeLength: values.CODE_LENGTH, now };
  const numbers = unfitTestNumbers(values, around).map((message) => ({
    name: "TEST_NUMBERS" as const,
    message,
  }));
  return [...budgets, ...numbers];
}

function inOrder(problems: readonly Problem[], names: readonly SettingName[]): Problem[] {
  return problems.toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
}

function secretsOf(values: Settings, folder: string, makes: boolean): Parsed<readonly string[]> {
  if (values.PHONEKEY_SECRETS) return { ok: true, value: values.PHONEKEY_SECRETS };
  try {
    const text = makes ? developmentSecret(folder) : keptSecret(folder);
    if (text === undefined) return { ok: true, value: [] };
    const kept = secretList.read(text);
    return kept.ok ? kept : { ok: false, problem: `is not set, and in ${SECRET_FILE} ${kept.problem}` };
  } catch (error) {
    const why = error instanceof Error && "code" in error ? ` (${error.code})` : "";
    const what = makes ? `none can be kept in ${SECRET_FILE}` : `${SECRET_FILE} cannot be read`;
    return { ok: false, problem: `is not set, and ${what}${why}` };
  }
}

/** Settings by part, units in their names. */
function arrange(
  values: Settings,
  boot: Pick<Config, "mode" | "secrets" | "scf"> & { readonly folder: string },
): Config {
  const alerts = arrangeAlerts(values);
  const smsWebhook = arrangeSmsWebhook(values);
  return {
    mode: boot.mode,
    server: arrangeServer(values, boot.mode === "production"),
    ...(boot.scf && { scf: boot.scf }),
    secrets: boot.secrets,
    database: arrangeDatabase(values.DATABASE_URL, boot.folder),
    state: arrangeState(values.STATE_URL, boot.folder),
    senders: arrangeSenders(values),
    ...(smsWebhook && { smsWebhook }),
    tencent: arrangeTencent(values),
    ...(alerts && { alerts }),
    metrics: arrangeMetrics(values),
    phone: arrangePhone(values),
    verification: arrangeVerification(values),
    testNumbers: values.TEST_NUMBERS,
    limits: arrangeLimits(values),
    challenges: arrangeChallenges(values),
    protection: arrangeProtection(values),
    accounts: arrangeAccounts(values),
    session: arrangeSessions(values),
    life: arrangeLife(values),
    retention: arrangeRetention(values),
    functions: arrangeFunctions(values),
    pages: arrangePages(values),
    logLevel: values.LOG_LEVEL,
  };
}

function freeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === "object") freeze(part);
  return Object.freeze(value);
}

/** The keys that a function's role on Tencent Cloud has at this moment; they change while the function runs. */
export function roleCredential(
  env: Readonly<Record<string, string | undefined>> = process.env,
): { readonly secretId: string; readonly secretKey: string; readonly token?: string } | undefined {
  const { TENCENTCLOUD_SECRETID: secretId, TENCENTCLOUD_SECRETKEY: secretKey } = env;
  const token = env.TENCENTCLOUD_SESSIONTOKEN;
  return secretId && secretKey ? { secretId, secretKey, ...(token && { token }) } : undefined;
}

/** On SCF a web function may get the keys with its requests alone. */
function hasRole(env: Readonly<Record<string, string | undefined>>): boolean {
  return env.TENCENTCLOUD_RUNENV === "SCF" || roleCredential(env) !== undefined;
}
