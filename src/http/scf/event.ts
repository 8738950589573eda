import { z } from "zod";
import { ok, type Result, refuse } from "../../core/refusals.ts";
import { headerFault, MAX_HEADER_BYTES } from "../header-limits.ts";
import type { Arrive, Fields } from "./arrival.ts";
import { NOWHERE } from "./own-host.ts";

/** A request as the routes take it. */
export interface EventRequest {
  readonly request: Request;
  /** The client's address, if a trusted source names it. */
  readonly peer: string | undefined;
}

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
/** Names, each with a value, several, or none. */
const values = z
  .record(z.string(), z.union([scalar.transform((value) => [value]), z.array(scalar), z.null()]))
  .nullish()
  .transform((record) => Object.entries(record ?? {}).flatMap(pairsOf));

function pairsOf([name, found]: [string, string[] | null]): [string, string][] {
  return (found ?? [""]).map((value) => [name, value]);
}

/**
 * The input that Function URLs and API gateways pass to a function, and that people type into the console's test.
 * Fields that are missing or null count as empty, except for method and path.
 */
const Event = z.object({
  httpMethod: z.string().regex(/^[a-z]{1,16}$/i),
  path: z.string().regex(/^\/[^\\?#]*$/),
  headers: values,
  /** The whole query. `queryStringParameters` contains only the parameters declared in the gateway. */
  queryString: values,
  body: z.union([z.string(), z.custom<Record<string, unknown>>(isRecord)]).nullish(),
  isBase64Encoded: z.boolean().nullish(),
  // An API gateway has a `serviceId`, and a Function URL has none.
  requestContext: z.object({ serviceId: z.string(), sourceIp: z.string() }).nullish().catch(null),
});

const BODILESS = ["GET", "HEAD"];

type Unreadable = "invalid_request" | "headers_too_large";

/** Reads any event. Refuses with `invalid_request` and the field, or with `headers_too_large`. */
export function readEvent(event: unknown, arrive: Arrive): Result<EventRequest, Unreadable> {
  if (hasTooMany(event)) return refuse("headers_too_large");
  const read = Event.safeParse(event);
  if (!read.success) return malformed(String(read.error.issues[0]?.path[0] ?? "event"));
  const { httpMethod, path, headers, queryString, requestContext } = read.data;
  const search = new URLSearchParams(queryString).toString();
  const target = `${path}${search && `?${search}`}`;
  const fault = isTooLarge(target, headers)
    ? "headers_too_large"
    : headerFault(headers.map(([name]) => name));
  if (fault) return refuse(fault);
  const body = bodyOf(read.data);
  if (body === undefined) return malformed("body");

  const method = httpMethod.toUpperCase();
  const { fields, peer } = arrive(headers, { client: requestContext?.sourceIp });
  const content = BODILESS.includes(method) ? null : body;
  try {
    const init = { method, headers: headersOf(fields, body), body: content };
    return ok({ request: new Request(urlOf(fields, target), init), peer });
  } catch {
    // A host, header or method that makes no request.
    return refuse("invalid_request");
  }
}

function malformed(field: string) {
  return refuse("invalid_request", { field, detail: "is missing or malformed in the event" });
}

/**
 * Whether an event has more headers or parameters than the bytes that a server accepts. They are not even read then.
 */
export function hasTooMany(event: unknown): boolean {
  return isRecord(event) && [event.headers, event.queryString].some((values) => isTooMany(values));
}

/** Makes no list beforehand: that alone takes long if there are many. */
function isTooMany(values: unknown): boolean {
  let left = MAX_HEADER_BYTES;
  for (const name in isRecord(values) ? values : {}) {
    const value = (values as Record<string, unknown>)[name];
    left -= Array.isArray(value) ? Math.max(1, value.length) : 1;
    if (left < 0) return true;
  }
  return false;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The target counts together with the fields, as it does for a server. */
function isTooLarge(target: string, fields: Fields): boolean {
  const lengths = fields.map(([name, value]) => Buffer.byteLength(name) + Buffer.byteLength(value) + 4);
  return lengths.reduce((sum, length) => sum + length, Buffer.byteLength(target)) > MAX_HEADER_BYTES;
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Undefined if it should be base64 but is not, or if it cannot be written. */
function bodyOf({ body, isBase64Encoded }: z.output<typeof Event>): Buffer<ArrayBuffer> | undefined {
  const text = typeof body === "object" && body !== null ? writtenOf(body) : (body ?? "");
  if (text === undefined || (isBase64Encoded && !BASE64.test(text))) return undefined;
  return Buffer.from(text, isBase64Encoded ? "base64" : "utf8");
}

/** As JSON. Undefined if it is nested too deeply to be written. */
export function writtenOf(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** With the real length of the body: limits are judged by it. */
function headersOf(fields: Fields, body: Buffer): Headers {
  const headers = new Headers();
  for (const [name, value] of fields) headers.append(name, value);
  headers.delete("transfer-encoding");
  headers.delete("content-length");
  if (body.length > 0) headers.set("content-length", String(body.length));
  return headers;
}

function urlOf(fields: Fields, target: string): string {
  const host = fields.find(([name]) => name.toLowerCase() === "host")?.[1] || new URL(NOWHERE).host;
  if (!/^[\w.:[\]-]+$/.test(host)) throw new TypeError("the host is none");
  return `https://${host}${target}`;
}
