import type { z } from "zod";
import { ok, type Result, refuse } from "../core/refusals.ts";
import { decodeUtf8, parseJson } from "./json.ts";

/** Refuses with `invalid_request` if the bytes are no JSON, or name a field twice. */
export function readJson(bytes: ArrayBuffer): Result<unknown, "invalid_request"> {
  try {
    return ok(parseJson(decodeUtf8(bytes)));
  } catch {
    const detail = "must be a JSON object that names each field once";
    return refuse("invalid_request", { field: "body", detail });
  }
}

/** Refuses with `invalid_request`, naming the field and the rule, if the value does not have this form. */
export function parse<T extends z.ZodType>(
  schema: T,
  value: unknown,
): Result<z.output<T>, "invalid_request"> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  return refuse("invalid_request", describe(likeliest(parsed.error.issues)));
}

/**
 * The issue to report. If a body, or a part of it, may have several forms, it is the issue of the form with the fewest
 * issues. If two forms have equally few, it is the issue of the union as a whole.
 */
function likeliest(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined {
  const [issue] = issues;
  if (issue?.code !== "invalid_union") return issue;
  const [nearest, next] = issue.errors.toSorted((a, b) => a.length - b.length);
  const [first] = nearest ?? [];
  if (!first || !next || (nearest?.length ?? 0) >= next.length) return issue;
  return { ...first, path: [...issue.path, ...first.path] };
}

/** Names the field and the rule; never the value. */
function describe(issue: z.core.$ZodIssue | undefined): { field: string; detail: string } {
  if (issue?.code === "unrecognized_keys") {
    const known = issue.path.map(String);
    return { field: [...known, fieldName(issue.keys[0] ?? "")].join("."), detail: "is not a known field" };
  }
  const field = issue?.path.map(String).join(".") || "body";
  return {
    field,
    detail: issue?.message.startsWith("must ") ? issue.message : "is missing or has the wrong type",
  };
}

/**
 * An unknown field's name, for the refusal. It is repeated only if it looks like a name and cannot be a phone or a
 * code.
 */
function fieldName(key: string): string {
  return /^[A-Za-z_]\w{0,31}$/.test(key) && !/\d{4}/.test(key) ? key : "body";
}
