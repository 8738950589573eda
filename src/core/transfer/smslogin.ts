import { isName, NAME_RULE } from "../account/profile.ts";
import { type PhonePolicy, parsePhone } from "../phone.ts";
import { ok, type Refusal } from "../refusals.ts";
import { type Incoming, readId } from "./incoming.ts";

/** A row of the demo's table `info` (`qcloudsms/smsLogin`), every column as text. */
export interface SmsLoginRow {
  readonly userId: string | null;
  readonly phone: string | null;
  readonly name: string | null;
  /** The address of a picture. */
  readonly avatar: string | null;
  /** When the user signed up. */
  readonly time: string | null;
}

/** The demo has ten pictures, numbered from 0 in their names. */
const AVATAR = /\/avatar(\d)_\d+\.\d+\.png$/;
/** What an INT column keeps of a time in milliseconds. */
const OVERFLOWN = "2147483647";
const ID = /^[1-9]\d{0,19}$/;

/** The demo numbers its users up to ten digits; what is longer may be a phone, and is not shown. */
const SHOWN_ID = /^[1-9]\d{0,9}$/;

/** All rows, as they come. */
export async function* readSmsLoginRows(
  rows: AsyncIterable<SmsLoginRow>,
  policy: PhonePolicy,
  now: number,
): AsyncGenerator<Incoming> {
  let number = 0;
  for await (const row of rows) {
    number += 1;
    const isShown = row.userId !== null && SHOWN_ID.test(row.userId);
    yield { place: isShown ? `userId ${row.userId}` : `row ${number}`, ...readSmsLoginRow(row, policy, now) };
  }
}

/**
 * Reads a user of the demo. The id stays what it was, as text: old clients know it. A name that is none here is left
 * empty, and a signup time that cannot be told is the time of the import; both are noted. Numbers without a calling
 * code are those of mainland China.
 *
 * @param now epoch milliseconds
 */
function readSmsLoginRow(row: SmsLoginRow, policy: PhonePolicy, now: number): Omit<Incoming, "place"> {
  const phone = parsePhone(row.phone ?? "", { ...policy, defaultCountry: "CN" });
  if (!phone.ok) return { user: phone };
  const id = readId(row.userId !== null && ID.test(row.userId) ? row.userId : undefined, phone.value);
  if (!id.ok) return { user: id };
  const avatar = avatarOf(row.avatar ?? "");
  const createdAt = timeOf(row.time ?? "", now);
  const name = row.name !== null && isName(row.name) ? row.name : "";
  const user = {
    id: id.value,
    phone: phone.value,
    name,
    ...(avatar !== undefined && { avatar }),
    ...(createdAt !== undefined && { createdAt }),
  };
  return { user: ok(user), notes: notesOn(row, user) };
}

function notesOn(row: SmsLoginRow, taken: { name: string; createdAt?: number }): Refusal[] {
  const notes: Refusal[] = [];
  if (row.name && taken.name === "") {
    notes.push({ code: "invalid_request", field: "name", detail: `left empty: ${NAME_RULE}` });
  }
  if (taken.createdAt === undefined) {
    notes.push({
      code: "invalid_request",
      field: "time",
      detail: "not known: the time of the import is used",
    });
  }
  return notes;
}

/** The avatar that the demo's own picture becomes; a picture of the user's own becomes none. */
function avatarOf(url: string): number | undefined {
  const index = AVATAR.exec(url)?.[1];
  return index === undefined ? undefined : Number(index) + 1;
}

/** Milliseconds as the demo writes them; seconds, or a DATETIME, where the table was made that way. */
function timeOf(text: string, now: number): number | undefined {
  const at = text === OVERFLOWN ? Number.NaN : readMoment(text);
  return at > 0 && at <= now ? at : undefined;
}

function readMoment(text: string): number {
  if (/^\d{12,13}$/.test(text)) return Number(text);
  if (/^\d{9,10}$/.test(text)) return Number(text) * 1000;
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.test(text)
    ? Date.parse(`${text.slice(0, 19).replace(" ", "T")}Z`)
    : Number.NaN;
}
