import type { Locale } from "../../../core/locale.ts";
import type { RefusalCode, Result } from "../../../core/refusals.ts";
import { refusalText } from "../../problem.ts";
import { FACTORS_COPY } from "../copy/factors.ts";
import type { PasskeyOffer } from "../views/factor-form.tsx";
import { inTime } from "../views/format.ts";

/**
 * What a page with passkeys shows: the options made for the browser, or why there are none. Undefined if the refusal is
 * about something else.
 */
export function passkeyOffer(asked: Result<object, RefusalCode>, locale: Locale): PasskeyOffer | undefined {
  if (asked.ok) return { options: JSON.stringify(asked.value) };
  const { code, retryAfterSeconds } = asked.refusal;
  if (retryAfterSeconds !== undefined)
    return { refused: FACTORS_COPY[locale].passkeyRefused(inTime(retryAfterSeconds, locale)) };
  return code === "too_many_factors" ? { refused: refusalText(asked.refusal, locale) } : undefined;
}
