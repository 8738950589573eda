import { closestMatch } from "leven";
import { isLoopbackHost } from "./formats/addresses.ts";
import type { Mode } from "./mode.ts";
import { SENDERS } from "./parts/delivery.ts";
import { SCF_DEFAULTS } from "./parts/scf.ts";
import { doubtTestNumbers } from "./parts/test-numbers.ts";
import type { SettingName, Settings, Texts } from "./schema.ts";

/** Any name that begins like this is meant for us. Other names count only if they are nearly one of ours. */
const OURS = /^(PHONEKEY|LIMIT)_/;
/** Not settings: the examples use these names for the Phonekey that they call. */
const CALLERS = ["PHONEKEY_URL", "PHONEKEY_ISSUER", "PHONEKEY_API_KEY"];
/** Shorter names are too similar to variables that other programs use. */
const SHORTEST_NEAR_MISS = 8;
/** One slip in so many letters, and two in any name. */
const LETTERS_A_SLIP = 5;

/** A warning for every variable that looks like a misspelling of one of `known`. It names the nearest. */
export function misspelt(names: readonly string[], known: readonly string[]): string[] {
  const tellable = names.filter((name) => OURS.test(name) || name.length >= SHORTEST_NEAR_MISS);
  return tellable.flatMap((name) => {
    const near = known.includes(name) || CALLERS.includes(name) ? undefined : meant(name, known);
    return near ? [`${name}: not a setting of this version. The nearest one is ${near}.`] : [];
  });
}

/** The name in `known` that this one is meant for, if there is one. */
function meant(name: string, known: readonly string[]): string | undefined {
  if (OURS.test(name)) return closestMatch(name, known);
  return closestMatch(name, known, { maxDistance: Math.floor(Math.max(2, name.length / LETTERS_A_SLIP)) });
}

/**
 * Settings that are allowed but probably not intended, or not for ever. `given` holds the names of the variables that
 * were set.
 */
export function doubts(values: Settings, given: ReadonlySet<string>, mode: Mode, now: number): string[] {
  const production = mode === "production";
  const found: [SettingName, string | false][] = [
    ["PUBLIC_URL", production && overPlainHttp(values.PUBLIC_URL)],
    ["DATABASE_URL", production && openToReaders(values.DATABASE_URL)],
    ["TRUSTED_PROXIES", trustsEverybody(values.TRUSTED_PROXIES)],
    ["CLIENT_IP_HEADER", fencesNothing(values)],
    ["DEFAULT_COUNTRY", defaultShutOut(values)],
    ["RESEND_SECONDS", resentTooLate(values)],
    ["TEST_NUMBERS", doubtTestNumbers(values, now)],
    [
      "SESSION_DAYS",
      values.SESSION_DAYS > 30 && "NIST SP 800-63B has people sign in again after 30 days at most (AAL1).",
    ],
    ["SESSION_IDLE_DAYS", given.has("SESSION_IDLE_DAYS") && idleTooLong(values)],
    ["SPEND_HOUR", given.has("SPEND_HOUR") && hourBeyondDay(values)],
    ["SPEND_HOUR", unknownSender(Object.keys(values.SPEND_HOUR.bySender))],
    ["SPEND_DAY", unknownSender(Object.keys(values.SPEND_DAY.bySender))],
    ["SMS_PRICES", unknownSender(values.SMS_PRICES.prices.flatMap(({ sender }) => sender ?? []))],
    ["CAPTCHA_WHEN", letsSomeBy(values)],
    ["LIMIT_PHONE_SENDS", production && unlimited(values.LIMIT_PHONE_SENDS)],
    ["LIMIT_PHONE_SENDS", keepsNone(values.LIMIT_PHONE_SENDS)],
    ["LIMIT_ADDRESS_SENDS", production && unlimited(values.LIMIT_ADDRESS_SENDS)],
    ["LIMIT_ADDRESS_CHECKS", production && unlimited(values.LIMIT_ADDRESS_CHECKS)],
  ];
  return found.flatMap(([name, doubt]) => (doubt === false ? [] : [`${name}: ${doubt}`]));
}

/** Settings that are probably not intended on SCF. */
export function doubtsOnScf({ PORT }: Texts): string[] {
  return PORT === SCF_DEFAULTS.PORT ? [] : ["PORT: the platform reaches a web function on port 9000 only."];
}

function overPlainHttp(publicUrl: string | undefined): string | false {
  if (publicUrl === undefined || publicUrl.startsWith("https:")) return false;
  if (isLoopbackHost(new URL(publicUrl).hostname)) return false;
  return "it is not https. Codes and tokens cross the network unencrypted, and browsers refuse the cookies.";
}

function openToReaders(database: Settings["DATABASE_URL"]): string | false {
  const isRemote = database.kind === "mysql" && !database.socketPath && !isLoopbackHost(database.host);
  return isRemote && !database.tls && "the connection is not encrypted; ssl=true encrypts and verifies it.";
}

function trustsEverybody(networks: readonly string[]): string | false {
  return (
    networks.some((network) => network.endsWith("/0")) &&
    "it trusts everybody, so any client can choose its address."
  );
}

/**
 * The header is trusted from any sender. Proxies that are named beside it may be meant as a restriction, but are none.
 */
function fencesNothing(values: Settings): string | false {
  if (values.CLIENT_IP_HEADER === undefined || values.TRUSTED_PROXIES.length === 0) return false;
  return "it is believed from everybody, and TRUSTED_PROXIES has no effect beside it.";
}

function defaultShutOut({ DEFAULT_COUNTRY, ALLOWED_COUNTRIES }: Settings): string | false {
  const allowed = ALLOWED_COUNTRIES === "all" || ALLOWED_COUNTRIES.includes(DEFAULT_COUNTRY);
  return !allowed && "it is not one of ALLOWED_COUNTRIES.";
}

function resentTooLate({ RESEND_SECONDS, CODE_TTL_SECONDS }: Settings): string | false {
  return (
    RESEND_SECONDS >= CODE_TTL_SECONDS &&
    "it is not less than CODE_TTL_SECONDS, so no code can be sent again."
  );
}

function idleTooLong({ SESSION_IDLE_DAYS, SESSION_DAYS }: Settings): string | false {
  return SESSION_IDLE_DAYS > SESSION_DAYS && "it is more than SESSION_DAYS, which ends the session first.";
}

function hourBeyondDay({ SPEND_HOUR: hour, SPEND_DAY: day }: Settings): string | false {
  if (hour.total === undefined || day.total === undefined || hour.currency !== day.currency) return false;
  return hour.total > day.total && "it is more than SPEND_DAY, which is used up first.";
}

function unknownSender(names: readonly string[]): string | false {
  return (
    names.some((name) => !SENDERS.some((sender) => sender === name)) &&
    `it names a sender that is none of ${SENDERS.join(", ")}.`
  );
}

/** Clients of the functions API can solve challenges of only one kind. */
function letsSomeBy({ CAPTCHA, CAPTCHA_WHEN, FUNCTIONS_API }: Settings): string | false {
  const challenges = CAPTCHA_WHEN === "always" && CAPTCHA !== "off";
  if (!challenges || CAPTCHA === "tencent" || FUNCTIONS_API === "off") return false;
  return "strangers at the functions API are not challenged; CAPTCHA=tencent challenges them, FUNCTIONS_API=off closes that API.";
}

/** If only one message is allowed, no part of it can be kept for a phone's known devices. */
function keepsNone(windows: Settings["LIMIT_PHONE_SENDS"]): string | false {
  const longestMs = Math.max(...windows.map(({ windowMs }) => windowMs));
  return (
    windows.some(({ max, windowMs }) => max === 1 && windowMs === longestMs) &&
    "its longest window allows one message, so a stranger who asks for it takes it from the number's known devices."
  );
}

function unlimited(windows: readonly unknown[]): string | false {
  return windows.length === 0 && "it is unlimited, so a single caller can run up any cost.";
}
