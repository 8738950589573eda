import type { AccountExport } from "../core/life/export.ts";
import { timeOf } from "./time.ts";

type Timed<T> = T extends string
  ? T
  : T extends readonly (infer E)[]
    ? Timed<E>[]
    : T extends object
      ? { [K in keyof T]: K extends `${string}At` | "at" ? Exclude<T[K], number> | string : Timed<T[K]> }
      : T;

/** A person's stored data as it is handed out, with times as RFC 3339. */
export function exportBody(exported: AccountExport): Timed<AccountExport> {
  return timed(exported) as Timed<AccountExport>;
}

function timed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(timed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, isTime(name, part) ? timeOf(part) : timed(part)]),
  );
}

/** Everything that is named like a moment is one. */
function isTime(name: string, part: unknown): part is number {
  return typeof part === "number" && (name === "at" || name.endsWith("At"));
}
