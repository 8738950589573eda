import { AVATAR_RULE, isAvatar, isName, NAME_RULE, type Profile } from "../account/profile.ts";
import { type PhonePolicy, parsePhone } from "../phone.ts";
import { ok, type RefusalCode, type Result, refuse } from "../refusals.ts";
import { DAY_MS } from "../time.ts";
import { type Incoming, type IncomingUser, readId } from "./incoming.ts";
import { linesOf } from "./lines.ts";

/** More than the longest line that `writeUserLine` makes, every character of its name escaped. */
const MOST_LINE_BYTES = 16_384;

const FIELDS: readonly string[] = ["id", "phone", "name", "avatar", "createdAt"];
/** Databases write microseconds, and zero as an offset. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]00:00)$/;
const SKEW_MS = DAY_MS;

/** A user as one line of newline-delimited JSON, its end included. */
export function writeUserLine({
  id,
  phone,
  name,
  avatar,
  createdAt,
}: Omit<Profile, "maskedPhone" | "hasPassword">): string {
  const line = { id, phone, name, avatar, createdAt: new Date(createdAt).toISOString() };
  return `${JSON.stringify(line)}\n`;
}

/**
 * Newline-delimited JSON as places of a source: `line 1`, `line 2` …
 *
 * @param now epoch milliseconds
 */
export async function* readUserLines(
  chunks: AsyncIterable<Uint8Array>,
  policy: PhonePolicy,
  now: number,
): AsyncGenerator<Incoming> {
  for await (const { number, text } of linesOf(chunks, MOST_LINE_BYTES)) {
    yield { place: `line ${number}`, user: text.ok ? readUserLine(text.value, policy, now) : text };
  }
}

/**
 * Reads a line of `writeUserLine`, or of another system in the same form: `phone` must be there, in any spelling;
 * `id`, `name`, `avatar` (1 to 10) and `createdAt` (RFC 3339, UTC) may be left out; all but the `id` may be null, too:
 * without their id the user would come in as somebody else. Any other field is refused, so that nobody believes that a
 * password or a proof came along.
 *
 * @param now epoch milliseconds
 */
export function readUserLine(
  text: string,
  policy: PhonePolicy,
  now: number,
): Result<IncomingUser, RefusalCode> {
  const fields = readObject(text);
  if (!fields.ok) return fields;
  const { id, phone, name, avatar, createdAt } = fields.value;
  if (typeof phone !== "string") return wrong("phone", "must be a string");
  const read = parsePhone(phone, policy);
  if (!read.ok) return read;
  const ownId = id === undefined ? undefined : readId(id, read.value);
  if (ownId && !ownId.ok) return ownId;
  if (!isNameOrNone(name)) return wrong("name", NAME_RULE);
  if (!isAvatarOrNone(avatar)) return wrong("avatar", AVATAR_RULE);
  const since = createdAt === undefined ? undefined : readTime(createdAt, now);
  if (since && !since.ok) return since;
  return ok({
    phone: read.value,
    name: name ?? "",
    ...(ownId && { id: ownId.value }),
    ...(avatar !== undefined && { avatar }),
    ...(since && { createdAt: since.value }),
  });
}

function readObject(text: string): Result<Readonly<Record<string, unknown>>, "invalid_request"> {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse("invalid_request", { detail: "must be a JSON object" });
  }
  if (Object.keys(value).some((key) => !FIELDS.includes(key))) {
    return refuse("invalid_request", { detail: `must have no fields but ${FIELDS.join(", ")}` });
  }
  return ok(withoutNulls(value));
}

/** Databases write null where there is nothing. */
function withoutNulls(fields: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([key, value]) => value !== null || key === "id"));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isNameOrNone(name: unknown): name is string | undefined {
  return name === undefined || name === "" || (typeof name === "string" && isName(name));
}

function isAvatarOrNone(avatar: unknown): avatar is number | undefined {
  return avatar === undefined || (typeof avatar === "number" && isAvatar(avatar));
}

/** A day's difference between two systems' clocks is none of the user's fault. */
function readTime(time: unknown, now: number): Result<number, "invalid_request"> {
  if (typeof time !== "string" || !TIME.test(time)) return wrong("createdAt", "must be RFC 3339 in UTC");
  const at = Date.parse(time);
  // 30 February is read as a day of March.
  const isDay = Number.isFinite(at) && new Date(at).toISOString().startsWith(time.slice(0, 19));
  if (!isDay || at < 0) return wrong("createdAt", "must be a moment since 1970");
  return at <= now + SKEW_MS ? ok(at) : wrong("createdAt", "must not be in the future");
}

function wrong(field: string, detail: string): Result<never, "invalid_request"> {
  return refuse("invalid_request", { field, detail });
}
