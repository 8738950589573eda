import { countries } from "./formats/format.ts";
import { CAPTCHA_KEYS } from "./parts/challenges.ts";
import { SENDERS, type SenderName, sendersIn } from "./parts/delivery.ts";
import { TENCENT_KEY } from "./parts/tencent.ts";
import type { Problem, SettingName, Texts } from "./schema.ts";

/**
 * The settings that a chosen part requires and that are not set.
 *
 * @param hasRole whether the role of a function brings keys of Tencent Cloud
 */
export function lacking(texts: Texts, hasRole: boolean): Problem[] {
  const senders = SENDERS.filter((name) => sendersIn(texts.SMS_SENDER).includes(name));
  return [
    ...senders.flatMap((name) =>
      missing(texts, OF_SENDER[name](texts, hasRole), `must be set for the sender \`${name}\``),
    ),
    ...missing(texts, texts.ALERT_WEBHOOK ? ["ALERT_WEBHOOK_SECRET"] : [], "must be set for `ALERT_WEBHOOK`"),
    ...missing(texts, forChallenge(texts, hasRole), `must be set with \`CAPTCHA=${texts.CAPTCHA}\``),
  ];
}

function missing(texts: Texts, names: readonly SettingName[], message: string): Problem[] {
  return names.filter((name) => !texts[name]).map((name) => ({ name, message }));
}

type Names = (texts: Texts, hasRole: boolean) => readonly SettingName[];

/** The variables that each sender requires. */
const OF_SENDER: Readonly<Record<SenderName, Names>> = {
  console: () => [],
  tencent: (texts, hasRole) => [...keyOf(texts, hasRole), "TENCENT_SMS_SDK_APP_ID", ...textsFor(texts)],
  webhook: () => ["SMS_WEBHOOK", "SMS_WEBHOOK_SECRET"],
};

/** Half a key is none, and hardly meant. */
function keyOf(texts: Texts, hasRole: boolean): readonly SettingName[] {
  return !hasRole || TENCENT_KEY.some((name) => texts[name]) ? TENCENT_KEY : [];
}

function forChallenge(texts: Texts, hasRole: boolean): SettingName[] {
  const { CAPTCHA = "altcha", SMS_SENDER } = texts;
  const key =
    CAPTCHA === "tencent" && !sendersIn(SMS_SENDER).includes("tencent") ? keyOf(texts, hasRole) : [];
  const ofService = Object.entries(CAPTCHA_KEYS).flatMap(([kind, names]) => (kind === CAPTCHA ? names : []));
  return [...key, ...ofService];
}

/**
 * The cloud keeps texts to mainland China apart from all others. Which ones are needed follows from who may sign in. If
 * another sender is chosen too, it carries every text, so one of the two is enough. A set that was begun must be
 * complete.
 */
function textsFor(texts: Texts): SettingName[] {
  const read = countries.read(texts.ALLOWED_COUNTRIES ?? "CN");
  if (!read.ok) return [];
  const mayAll = read.value === "all";
  const needed = [
    ...(mayAll || read.value.includes("CN") ? [MAINLAND] : []),
    ...(mayAll || read.value.some((country) => country !== "CN") ? [INTERNATIONAL] : []),
  ];
  const begun = needed.filter((names) => names.some((name) => texts[name]));
  const isAlone = sendersIn(texts.SMS_SENDER).length === 1;
  return (isAlone || begun.length === 0 ? needed : begun).flat();
}

const MAINLAND: readonly SettingName[] = ["TENCENT_SMS_SIGN_NAME", "TENCENT_SMS_TEMPLATE_ID"];
const INTERNATIONAL: readonly SettingName[] = ["TENCENT_SMS_INTERNATIONAL_TEMPLATE_ID"];
