import type { Locale } from "../../../core/locale.ts";
import type { Refusal } from "../../../core/refusals.ts";
import type { Method } from "../../../core/session/methods.ts";
import { refusalText } from "../../problem.ts";
import { FACTORS_COPY } from "../copy/factors.ts";
import type { FactorStepsProps } from "../views/factor-steps.tsx";
import { isOfCode } from "./outcome.ts";

/** What a page of factors says of a refusal, by the name of what was shown where it is about that. */
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
