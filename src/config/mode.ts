import { isPublicHost, publicUrl } from "./formats/addresses.ts";
import { type SenderName, sendersIn } from "./parts/delivery.ts";
import type { Problem, SettingName, Texts } from "./schema.ts";

export type Mode = "development" | "production";

const CONSOLE: SenderName = "console";

/** A real sender behind a public address is production, whatever NODE_ENV forgot to say. */
export function modeOf(texts: Texts): Mode {
  if (texts.NODE_ENV === "production") return "production";
  const real = !isConsole(texts);
  const origin = publicUrl.read(texts.PUBLIC_URL ?? "");
  const inPublic =
    origin.ok && origin.value.startsWith("https:") && isPublicHost(new URL(origin.value).hostname);
  return real && inPublic ? "production" : "development";
}

function isConsole({ SMS_SENDER }: Texts): boolean {
  return sendersIn(SMS_SENDER).every((name) => name === CONSOLE);
}

/** Development defaults that must not meet real people. A function's own address is told by each request. */
export function unfitInProduction(texts: Texts, onScf: boolean): Problem[] {
  const found: [SettingName, boolean, string][] = [
    [
      "PHONEKEY_SECRETS",
      !texts.PHONEKEY_SECRETS,
      "must be set in production; make one with `openssl rand -base64 48`",
    ],
    ["SMS_SENDER", isConsole(texts), "must be a real sender in production; `console` sends nothing"],
    [
      "STATE_URL",
      texts.STATE_URL === "memory:",
      "must not be `memory:` in production; a restart would forget every limit",
    ],
    [
      "PUBLIC_URL",
      !texts.PUBLIC_URL && !onScf,
      "must be set in production, to the origin under which people reach this server",
    ],
  ];
  return found.flatMap(([name, holds, message]) => (holds ? [{ name, message }] : []));
}
