import { countries } from "./formats.ts";
import type { Problem, SettingName, Texts } from "./schema.ts";

/**
 * What the chosen sender cannot do without, and is not set.
 *
 * @param hasRole whether the role of a function brings keys of Tencent Cloud
 */
export function lacking(texts: Texts, hasRole: boolean): Problem[] {
  if (texts.SMS_SENDER !== "tencent") return [];
  // Half a key is none, and hardly meant.
  const needsKey = !hasRole || KEY.some((name) => texts[name]);
  const names = [...(needsKey ? KEY : []), "TENCENT_SMS_SDK_APP_ID" as const, ...textsFor(texts)];
  const missing = names.filter((name) => !texts[name]);
  return missing.map((name) => ({ name, message: "must be set for the sender `tencent`" }));
}

const KEY = ["TENCENT_SECRET_ID", "TENCENT_SECRET_KEY"] as const;

/** The cloud keeps texts to mainland China apart from all others; which are needed follows from who may sign in. */
function textsFor({ ALLOWED_COUNTRIES = "CN" }: Texts): SettingName[] {
  const read = countries.read(ALLOWED_COUNTRIES);
  if (!read.ok) return [];
  const mayAll = read.value === "all";
  const names: SettingName[] = [];
  if (mayAll || read.value.includes("CN")) names.push("TENCENT_SMS_SIGN_NAME", "TENCENT_SMS_TEMPLATE_ID");
  if (mayAll || read.value.some((country) => country !== "CN")) {
    names.push("TENCENT_SMS_INTERNATIONAL_TEMPLATE_ID");
  }
  return names;
}
