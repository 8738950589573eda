import type { Locale } from "../../../core/locale.ts";
import type { Refusal } from "../../../core/refusals.ts";
import type { Method } from "../../../core/session/methods.ts";
import { refusalText } from "../../problem.ts";
import { FACTORS_COPY } from "../copy/factors.ts";
import type { FactorStepsProps } from "../views/factor-steps.tsx";
import { isOfCode } from "./outcome.ts";

/**
 * The page's text for a refusal. If the refusal is about the shown factor, the text is listed under that factor's name.
 */
export function wrongFactor(
  refusal: Refusal,
  by: Method | undefined,
  locale: Locale,
): NonNullable<FactorStepsProps["wrong"]> {
  const text = refusalText(refusal, locale);
  if (!by || !isOfCode(refusal)) return { text };
  const { wrong } = FACTORS_COPY[locale];
  return { by, text: by === "pwd" || by === "pop" ? wrong[by] : text };
}
