import { isPublicHost, publicUrl } from "./formats/addresses.ts";
import { type SenderName, sendersIn } from "./parts/delivery.ts";
import type { Texts } from "./schema.ts";

export type Mode = "development" | "production";

const CONSOLE: SenderName = "console";

/** A real sender together with a public address means production, even if NODE_ENV does not say so. */
export function modeOf(texts: Texts): Mode {
  if (texts.NODE_ENV === "production") return "production";
  const real = !isConsole(texts);
  const origin = publicUrl.read(texts.PUBLIC_URL ?? "");
  const inPublic =
    origin.ok && origin.value.startsWith("https:") && isPublicHost(new URL(origin.value).hostname);
  return real && inPublic ? "production" : "development";
}

/** Whether no sender is a real one. */
export function isConsole({ SMS_SENDER }: Texts): boolean {
  return sendersIn(SMS_SENDER).every((name) => name === CONSOLE);
}
