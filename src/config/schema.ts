import { z } from "zod";
import { networks, origins, publicUrl, returnAddresses } from "./addresses.ts";
import { databaseUrl } from "./database-url.ts";
import {
  bad,
  brandName,
  countries,
  country,
  type Format,
  flag,
  good,
  headerName,
  listenHost,
  oneOf,
  stateUrl,
  wholeNumber,
} from "./formats.ts";
import { limit } from "./limits.ts";
import { secretList } from "./secrets.ts";

/** What `docs/configuration.md` says about a variable. Texts are Markdown. */
export interface Setting {
  readonly part: string;
  readonly sentence: string;
  /** What holds when the variable is not set. */
  readonly fallback: string;
  readonly expects: string;
  /** What keeps a production server from starting, beside a value that does not parse. */
  readonly stopsProduction?: string;
}

/** What each variable means, by its schema. */
export const settings = z.registry<Setting>();

interface About {
  readonly part: string;
  readonly sentence: string;
  readonly stopsProduction?: string;
}

function readWith<T>(format: Format<T>) {
  return (text: string, context: z.RefinementCtx): T => {
    const parsed = format.read(text);
    if (parsed.ok) return parsed.value;
    context.addIssue({ code: "custom", message: parsed.problem });
    return z.NEVER;
  };
}

/** A variable that has a value when it is not set: that of the text `fallback`. */
function withDefault<T>(format: Format<T>, fallback: string, about: About) {
  const shown = fallback === "" ? "none" : `\`${fallback}\``;
  return z
    .string()
    .default(fallback)
    .transform(readWith(format))
    .register(settings, { ...about, fallback: shown, expects: format.expects });
}

/** A variable without a value of its own; `fallback` tells what happens instead. */
function optional<T>(format: Format<T>, fallback: string, about: About) {
  return z
    .string()
    .transform(readWith(format))
    .optional()
    .register(settings, { ...about, fallback, expects: format.expects });
}

/** Every variable that Phonekey reads. All are texts; blank ones count as not set. */
export function settingsSchema(senders: readonly string[]) {
  return z.object({
    ...server,
    ...secretsAndStores,
    ...delivery(senders),
    ...verification,
    ...limits,
    ...sessions,
    ...retention,
    ...pages,
  });
}

const server = {
  NODE_ENV: withDefault(oneOf(["development", "production", "test"]), "development", {
    part: "Server",
    sentence: "`production` puts the rules for production in force.",
  }),
  PORT: withDefault(wholeNumber(0, 65_535), "8080", {
    part: "Server",
    sentence: "The port to listen on; `0` takes any free one.",
  }),
  HOST: optional(listenHost, "`127.0.0.1`; in production `0.0.0.0`", {
    part: "Server",
    sentence: "The address to listen on.",
  }),
  PUBLIC_URL: optional(publicUrl, "in development `http://localhost:` and the port", {
    part: "Server",
    sentence:
      "Where people reach this server. Links, the tokens' issuer and the last line of the SMS are made of it.",
    stopsProduction: "it is not set",
  }),
  TRUSTED_PROXIES: withDefault(networks, "", {
    part: "Server",
    sentence:
      "The reverse proxies in front of this server. Their `X-Forwarded-For` is believed, read from the right; nobody else's is.",
  }),
  CLIENT_IP_HEADER: optional(headerName, "none", {
    part: "Server",
    sentence:
      "A header in which the platform in front always puts the client's address, such as `cf-connecting-ip`. It is believed instead of `X-Forwarded-For`, whoever sends it: set it only where nobody can reach this server past that platform.",
  }),
  ALLOWED_ORIGINS: withDefault(origins, "", {
    part: "Server",
    sentence: "The web origins whose scripts may call the native API (CORS).",
  }),
  LOG_LEVEL: withDefault(oneOf(["trace", "debug", "info", "warn", "error", "fatal", "silent"]), "info", {
    part: "Server",
    sentence: "The least important messages that are still logged.",
  }),
};

const secretsAndStores = {
  PHONEKEY_SECRETS: optional(secretList, "in development made once and kept in `data/secret`", {
    part: "Secrets and stores",
    sentence:
      "Encrypt the keys in the database. The first one is current; to rotate, put a new one in front and run `phonekey keys rotate`. Make one with `openssl rand -base64 48`.",
    stopsProduction:
      "it is not set, or one of them is shorter than 32 bytes, repeats itself or is a placeholder",
  }),
  DATABASE_URL: withDefault(databaseUrl, "sqlite:./data/phonekey.db", {
    part: "Secrets and stores",
    sentence:
      "Where users, sessions, keys and wrong guesses are kept: in a SQLite file, or on MySQL 5.7, MySQL 8 or MariaDB 10.6 and newer. MySQL's may end in parameters: `?ssl=true` encrypts and verifies the certificate, against the authorities of `sslCa=/path/ca.pem` and for the name of `sslName=…` where those are given; `socketPath=/path` uses a Unix socket; `connections=10` is the most that one process opens. Relative paths start at the working folder.",
  }),
  STATE_URL: withDefault(stateUrl, "database", {
    part: "Secrets and stores",
    sentence: "Where verifications and limits are kept. `memory:` forgets them when the process ends.",
    stopsProduction: "it is `memory:`",
  }),
};

function senderOf(senders: readonly string[]): Format<string> {
  const { expects, read } = oneOf(senders);
  return {
    expects,
    read: (text) => (read(text).ok ? good(text) : bad(`must be ${expects}; there is no other sender here`)),
  };
}

function delivery(senders: readonly string[]) {
  return {
    SMS_SENDER: withDefault(senderOf(senders), "console", {
      part: "Messages and phone numbers",
      sentence:
        "What sends the SMS. `console` sends none: it keeps them for the development inbox. This version brings no other.",
      stopsProduction: "it is `console`",
    }),
    ...phones,
  };
}

const phones = {
  DEFAULT_COUNTRY: withDefault(country, "CN", {
    part: "Messages and phone numbers",
    sentence: "The country of numbers that are written without a country code.",
  }),
  ALLOWED_COUNTRIES: withDefault(countries, "CN", {
    part: "Messages and phone numbers",
    sentence:
      "The countries whose numbers may sign in. Every further one is a further way to run up your SMS bill.",
  }),
  STRICT_NUMBERS: withDefault(flag, "false", {
    part: "Messages and phone numbers",
    sentence:
      "`true` also refuses numbers of mainland China in ranges so new that the numbering data does not know them.",
  }),
};

const verification = {
  CODE_LENGTH: withDefault(wholeNumber(6, 8), "6", {
    part: "Verification",
    sentence: "Digits of a code.",
    stopsProduction: "it is more than the sender carries",
  }),
  CODE_TTL_SECONDS: withDefault(wholeNumber(30, 600), "300", {
    part: "Verification",
    sentence:
      "How long a code is good after it was sent. Resends included, never longer than 10 minutes after the start.",
  }),
  CODE_ATTEMPTS: withDefault(wholeNumber(1, 5), "3", {
    part: "Verification",
    sentence: "How many guesses one verification allows.",
  }),
  RESEND_SECONDS: withDefault(wholeNumber(1, 600), "30", {
    part: "Verification",
    sentence:
      "The wait before the next message to the same number; it doubles with each message that no sign-in came of.",
  }),
};

const limits = {
  LIMIT_PHONE_SENDS: withDefault(limit, "5/1h,10/24h", {
    part: "Limits",
    sentence:
      "Messages to one phone number. Of the longest window, strangers may use six tenths for messages that no sign-in comes of; the rest is kept for the devices that signed in to the number before.",
  }),
  LIMIT_ADDRESS_SENDS: withDefault(limit, "10/1h", {
    part: "Limits",
    sentence:
      "Messages asked for from one client address (IPv6 by /64). More than this is unusual, but a campus may share one address: a request is refused at ten times the count, so by default at 100 an hour.",
  }),
  LIMIT_ADDRESS_CHECKS: withDefault(limit, "300/5m", {
    part: "Limits",
    sentence: "Codes tried from one client address (IPv6 by /64).",
  }),
};

const sessions = {
  ACCESS_TOKEN_MINUTES: withDefault(wholeNumber(1, 60), "15", {
    part: "Sessions",
    sentence:
      "How long an access token is good. Other services that check it by the JWKS notice a sign-out that late.",
  }),
  SESSION_DAYS: withDefault(wholeNumber(1, 365), "30", {
    part: "Sessions",
    sentence: "When a session ends however much it is used.",
  }),
  SESSION_IDLE_DAYS: withDefault(wholeNumber(1, 365), "14", {
    part: "Sessions",
    sentence: "When a session ends that is not used; at most `SESSION_DAYS`.",
  }),
};

/** Limits and the ledger look back 31 days; whoever kept less would refill them (promise 2). */
const lookBack = wholeNumber(31, 3_650);
const RETENTION = "Retention";

const retention = {
  RETENTION_MESSAGES_DAYS: withDefault(lookBack, "90", {
    part: RETENTION,
    sentence: "How long the record of each message is kept, for limits and for you.",
  }),
  RETENTION_EVENTS_DAYS: withDefault(wholeNumber(1, 3_650), "180", {
    part: RETENTION,
    sentence: "How long the audit trail (sign-ups, sign-ins, ended sessions) is kept.",
  }),
  RETENTION_FAILURES_DAYS: withDefault(lookBack, "31", {
    part: RETENTION,
    sentence: "How long wrong guesses are kept. They count for 30 days.",
  }),
  RETENTION_SESSIONS_DAYS: withDefault(wholeNumber(1, 3_650), "30", {
    part: RETENTION,
    sentence: "How long a session is kept after its end.",
  }),
};

const pages = {
  BRAND_NAME: withDefault(brandName, "Phonekey", {
    part: "Pages",
    sentence: "What the pages and the SMS call you.",
  }),
  DEFAULT_LOCALE: withDefault(oneOf(["en", "zh-CN"]), "en", {
    part: "Pages",
    sentence: "The language where a request names none that we have.",
  }),
  RETURN_TO: withDefault(returnAddresses, "", {
    part: "Pages",
    sentence:
      "The addresses to which the sign-in page may send people back, compared character by character. A comma in one is written `%2C`.",
  }),
};

export type Settings = z.output<ReturnType<typeof settingsSchema>>;
export type SettingName = keyof Settings;
