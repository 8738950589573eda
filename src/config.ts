import { resolve } from "node:path";
import type { CountryCode } from "libphonenumber-js/max";
import type { z } from "zod";
import { isPublicHost, publicUrl } from "./config/addresses.ts";
import type { DatabaseUrl } from "./config/database-url.ts";
import type { Parsed, StateUrl } from "./config/formats.ts";
import { type SettingName, type Settings, settingsSchema } from "./config/schema.ts";
import { developmentSecret, secretList } from "./config/secrets.ts";
import { doubts, misspelt } from "./config/warnings.ts";
import type { Window } from "./core/protection/limits.ts";
import type { Locale } from "./core/verification/ports.ts";

/** The settings, checked. Frozen, with everything in it. */
export interface Config {
  readonly mode: Mode;
  readonly server: {
    /** 0 takes any free port. */
    readonly port: number;
    readonly host: string;
    /** The origin under which people reach this server; always there in production. */
    readonly publicUrl?: string;
    /** In CIDR notation, host bits cleared; IPv4-mapped networks as IPv4. */
    readonly trustedProxies: readonly string[];
    /** In lower case. */
    readonly clientIpHeader?: string;
    /** Origins as browsers write them. */
    readonly allowedOrigins: readonly string[];
  };
  /** One or more, the current one first; each is used as the bytes of its text. */
  readonly secrets: readonly string[];
  /** Paths are absolute. */
  readonly database: DatabaseUrl;
  readonly state: StateUrl;
  /** `console`, or one of those that the caller of `loadConfig` brought. */
  readonly sender: string;
  readonly phone: {
    readonly defaultCountry: CountryCode;
    readonly allowedCountries: readonly CountryCode[] | "all";
    readonly strictNumbers: boolean;
  };
  readonly verification: {
    readonly codeLength: number;
    readonly ttlSeconds: number;
    readonly attempts: number;
    readonly resendSeconds: number;
  };
  /** Every window of a limit must hold; none lifts it. `addressSends` refuses at ten times its counts. */
  readonly limits: {
    readonly phoneSends: readonly Window[];
    readonly addressSends: readonly Window[];
    readonly addressChecks: readonly Window[];
  };
  readonly session: {
    readonly accessTokenMinutes: number;
    readonly sessionDays: number;
    /** Never more than `sessionDays`. */
    readonly idleDays: number;
  };
  /** How long rows are kept; messages and failures for 31 days at least. */
  readonly retention: {
    readonly messagesDays: number;
    readonly eventsDays: number;
    readonly failuresDays: number;
    /** After the session's end. */
    readonly sessionsDays: number;
  };
  readonly pages: {
    readonly brandName: string;
    readonly defaultLocale: Locale;
    /** Compared with what is asked for character by character. */
    readonly returnTo: readonly string[];
  };
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
}

export type Mode = "development" | "production";

/** What is wrong with one variable. Neither part holds the value of any variable. */
export interface Problem {
  readonly name: SettingName;
  readonly message: string;
}

export type Loaded =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly warnings: readonly string[] };

/** The variables that are set, trimmed. */
type Texts = Partial<Record<SettingName, string>>;

const CONSOLE = "console";

/**
 * Reads all settings and reports every problem at once.
 *
 * In development without `PHONEKEY_SECRETS` it makes a secret and keeps it in `data/secret`.
 *
 * @param env the environment; variables that are blank count as not set.
 * @param options.folder where `data/` and a relative `DATABASE_URL` begin; the working folder by default.
 * @param options.senders the senders that `SMS_SENDER` may name beside `console`. They count as real ones.
 */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>> = process.env,
  options: { readonly folder?: string; readonly senders?: readonly string[] } = {},
): Loaded {
  const schema = settingsSchema([CONSOLE, ...(options.senders ?? [])]);
  const names = Object.keys(schema.shape) as SettingName[];
  const texts = textsOf(env, names);
  const mode = modeOf(texts, options.senders ?? []);
  const typos = misspelt(Object.keys(env), names);

  const read = schema.safeParse(texts);
  const problems = [...unread(read.error), ...(mode === "production" ? unfit(texts) : [])];
  if (!read.success || problems.length > 0) return failed(inOrder(problems, names), typos);

  const folder = resolve(options.folder ?? ".");
  const secrets = secretsOf(read.data, folder);
  if (!secrets.ok) return failed([{ name: "PHONEKEY_SECRETS", message: secrets.problem }], typos);
  const config = freeze(arrange(read.data, { mode, folder, secrets: secrets.value }));
  const warnings = [...typos, ...doubts(read.data, new Set(Object.keys(texts)), mode)];
  return { ok: true, config, warnings };
}

function failed(problems: readonly Problem[], warnings: readonly string[]): Loaded {
  return { ok: false, problems, warnings };
}

function textsOf(env: Readonly<Record<string, string | undefined>>, names: readonly SettingName[]): Texts {
  const entries = names.map((name) => [name, env[name]?.trim()] as const);
  return Object.fromEntries(entries.filter(([, text]) => text));
}

/** A real sender behind a public address is production, whatever NODE_ENV forgot to say. */
function modeOf(texts: Texts, realSenders: readonly string[]): Mode {
  if (texts.NODE_ENV === "production") return "production";
  const real = realSenders.includes(texts.SMS_SENDER ?? CONSOLE);
  const origin = publicUrl.read(texts.PUBLIC_URL ?? "");
  const inPublic =
    origin.ok && origin.value.startsWith("https:") && isPublicHost(new URL(origin.value).hostname);
  return real && inPublic ? "production" : "development";
}

function unread(error: z.ZodError | undefined): Problem[] {
  return (error?.issues ?? []).map(({ path, message }) => ({ name: path[0] as SettingName, message }));
}

/** Development defaults that must not meet real people. */
function unfit(texts: Texts): Problem[] {
  const found: [SettingName, boolean, string][] = [
    [
      "PHONEKEY_SECRETS",
      !texts.PHONEKEY_SECRETS,
      "must be set in production; make one with `openssl rand -base64 48`",
    ],
    [
      "SMS_SENDER",
      (texts.SMS_SENDER ?? CONSOLE) === CONSOLE,
      "must be a real sender in production; `console` sends nothing",
    ],
    [
      "STATE_URL",
      texts.STATE_URL === "memory:",
      "must not be `memory:` in production; a restart would forget every limit",
    ],
    [
      "PUBLIC_URL",
      !texts.PUBLIC_URL,
      "must be set in production, to the origin under which people reach this server",
    ],
  ];
  return found.flatMap(([name, holds, message]) => (holds ? [{ name, message }] : []));
}

function inOrder(problems: readonly Problem[], names: readonly SettingName[]): Problem[] {
  return problems.toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
}

function secretsOf(values: Settings, folder: string): Parsed<readonly string[]> {
  if (values.PHONEKEY_SECRETS) return { ok: true, value: values.PHONEKEY_SECRETS };
  try {
    const kept = secretList.read(developmentSecret(folder));
    return kept.ok ? kept : { ok: false, problem: `is not set, and in data/secret ${kept.problem}` };
  } catch (error) {
    const why = error instanceof Error && "code" in error ? ` (${error.code})` : "";
    return { ok: false, problem: `is not set, and none can be kept in data/secret${why}` };
  }
}

/** Settings by part, units in their names. */
function arrange(
  values: Settings,
  boot: { readonly mode: Mode; readonly folder: string; readonly secrets: readonly string[] },
): Config {
  return {
    mode: boot.mode,
    server: serverOf(values, boot.mode),
    secrets: boot.secrets,
    database: databaseOf(values.DATABASE_URL, boot.folder),
    state: values.STATE_URL,
    sender: values.SMS_SENDER,
    phone: {
      defaultCountry: values.DEFAULT_COUNTRY,
      allowedCountries: values.ALLOWED_COUNTRIES,
      strictNumbers: values.STRICT_NUMBERS,
    },
    verification: {
      codeLength: values.CODE_LENGTH,
      ttlSeconds: values.CODE_TTL_SECONDS,
      attempts: values.CODE_ATTEMPTS,
      resendSeconds: values.RESEND_SECONDS,
    },
    limits: {
      phoneSends: values.LIMIT_PHONE_SENDS,
      addressSends: values.LIMIT_ADDRESS_SENDS,
      addressChecks: values.LIMIT_ADDRESS_CHECKS,
    },
    session: {
      accessTokenMinutes: values.ACCESS_TOKEN_MINUTES,
      sessionDays: values.SESSION_DAYS,
      idleDays: Math.min(values.SESSION_IDLE_DAYS, values.SESSION_DAYS),
    },
    retention: {
      messagesDays: values.RETENTION_MESSAGES_DAYS,
      eventsDays: values.RETENTION_EVENTS_DAYS,
      failuresDays: values.RETENTION_FAILURES_DAYS,
      sessionsDays: values.RETENTION_SESSIONS_DAYS,
    },
    pages: { brandName: values.BRAND_NAME, defaultLocale: values.DEFAULT_LOCALE, returnTo: values.RETURN_TO },
    logLevel: values.LOG_LEVEL,
  };
}

function databaseOf(database: DatabaseUrl, folder: string): DatabaseUrl {
  if (database.kind === "sqlite") return { ...database, path: resolve(folder, database.path) };
  const { tls } = database;
  return tls?.caFile ? { ...database, tls: { ...tls, caFile: resolve(folder, tls.caFile) } } : database;
}

function serverOf(values: Settings, mode: Mode): Config["server"] {
  return {
    port: values.PORT,
    host: values.HOST ?? (mode === "production" ? "0.0.0.0" : "127.0.0.1"),
    ...(values.PUBLIC_URL === undefined ? {} : { publicUrl: values.PUBLIC_URL }),
    trustedProxies: values.TRUSTED_PROXIES,
    ...(values.CLIENT_IP_HEADER === undefined ? {} : { clientIpHeader: values.CLIENT_IP_HEADER }),
    allowedOrigins: values.ALLOWED_ORIGINS,
  };
}

function freeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === "object") freeze(part);
  return Object.freeze(value);
}
