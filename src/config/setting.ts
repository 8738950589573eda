import { z } from "zod";
import type { Format } from "./formats/format.ts";

/** What `docs/configuration.md` says about a variable. Texts are Markdown. */
export interface Setting {
  readonly part: string;
  readonly sentence: string;
  /** What holds when the variable is not set. */
  readonly fallback: string;
  readonly expects: string;
  /** What prevents a production server from starting, in addition to a value that does not parse. */
  readonly stopsProduction?: string;
}

/** What each variable means, by its schema. */
export const settings = z.registry<Setting>();

interface About {
  readonly part: string;
  readonly sentence: string;
  readonly stopsProduction?: string;
}

function read<T>(format: Format<T>, text: string, context: z.RefinementCtx): T {
  const parsed = format.read(text);
  if (parsed.ok) return parsed.value;
  context.addIssue({ code: "custom", message: parsed.problem });
  return z.NEVER;
}

/** A variable with a default value: `fallback` is its text. */
export function withDefault<T>(format: Format<T>, fallback: string, about: About) {
  const shown = fallback === "" ? "none" : `\`${fallback}\``;
  // One schema a variable, instead of a chain of `string`, `default` and `pipe`: all schemas are made at every start.
  return z
    .transform((text: string | undefined, context): T => read(format, text ?? fallback, context))
    .register(settings, { ...about, fallback: shown, expects: format.expects });
}

/** A variable without a default value; `fallback` says what happens instead. */
export function optional<T>(format: Format<T>, fallback: string, about: About) {
  return z
    .transform((text: string | undefined, context): T | undefined =>
      text === undefined ? undefined : read(format, text, context),
    )
    .register(settings, { ...about, fallback, expects: format.expects });
}

/** The value of a variable that a chosen part requires. `lacking` has refused settings in which it is not set. */
export function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a setting that a chosen part requires is not set");
  return value;
}
