import { randomBytes } from "node:crypto";
import { encrypt, IV_BYTES } from "../../src/adapters/keyring/aead.ts";
import { tagUnder } from "../../src/adapters/keyring/vault.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import type { Phone } from "../../src/core/phone.ts";
import type { Installation } from "./installation.ts";

const DAY_MS = 86_400_000;
/** Of the longest retention of each table; users have signed up over two years. */
const SPAN_MS = {
  users: 730 * DAY_MS,
  sessions: 60 * DAY_MS,
  messages: 90 * DAY_MS,
  events: 180 * DAY_MS,
  failures: 31 * DAY_MS,
} as const;

export type FilledTable = keyof typeof SPAN_MS;
export type Counts = Readonly<Record<FilledTable, number>>;

export interface Filling {
  readonly table: FilledTable;
  readonly count: number;
  readonly columns: readonly string[];
  /** The values of the n-th row; they come in order of time. */
  row(n: number): readonly (string | number | null)[];
}

/** The n-th number: all different, and in no order. */
export function phoneOf(n: number): Phone {
  // Odd and no multiple of five, so that it runs through all hundred million.
  return `+86138${String((n * 38_183_729) % 100_000_000).padStart(8, "0")}` as Phone;
}

/** Rows like those that an installation gathers over the years, in tags, ids and sealed phones its own. */
export function fillings({ keys }: Installation, counts: Counts, now: number): readonly Filling[] {
  const word = createWords();
  const at = (table: FilledTable, n: number) => Math.floor(now - SPAN_MS[table] * (1 - n / counts[table]));
  const sealedLike = `v1.${keys.data.id}.`;
  const tagOf = (n: number) => tagUnder(keys.tag, phoneOf(n));
  /** People come back in no order. */
  const somebody = (n: number) => (n * 7_368_787) % counts.users;
  const ids = createIds(now - SPAN_MS.users, SPAN_MS.users / Math.max(1, counts.users));

  return [
    {
      table: "users",
      count: counts.users,
      columns: [
        "id",
        "phone_tag",
        "sealed_phone",
        "name",
        "avatar",
        "device_epoch",
        "created_at",
        "updated_at",
      ],
      row(n) {
        const id = ids(n);
        const created = at("users", n);
        const sealed =
          sealedLike + encrypt(keys.data.material, randomBytes(IV_BYTES), Buffer.from(phoneOf(n)), id);
        return [id, tagOf(n), sealed, n % 3 ? "" : `用户${n}`, n % 12, 0, created, created];
      },
    },
    {
      table: "sessions",
      count: counts.sessions,
      columns: [
        "id",
        "user_id",
        "generation",
        "rotated_at",
        "refresh_key_id",
        "device_id",
        "user_agent",
        "created_at",
        "last_used_at",
        "expires_at",
        "ended_at",
      ],
      row(n) {
        const created = at("sessions", n);
        const id = systemRandom.uuid(created);
        const expires = created + 30 * DAY_MS;
        return [
          id,
          ids(somebody(n)),
          n % 50,
          created,
          keys.code.id,
          id,
          AGENT,
          created,
          created,
          expires,
          n % 10 ? null : created + DAY_MS,
        ];
      },
    },
    {
      table: "messages",
      count: counts.messages,
      columns: [
        "id",
        "verification_id",
        "phone_tag",
        "sealed_phone",
        "purpose",
        "bucket",
        "status",
        "created_at",
        "sender",
        "provider_id",
        "provider_code",
        "converted",
      ],
      row(n) {
        const created = at("messages", n);
        return [
          systemRandom.uuid(created),
          word(22),
          tagOf(somebody(n)),
          sealedLike + word(56),
          "sign_in",
          n % 4 ? "stranger" : "device",
          "accepted",
          created,
          "tencent",
          word(32),
          "Ok",
          n % 5 ? 1 : 0,
        ];
      },
    },
    {
      table: "events",
      count: counts.events,
      columns: ["type", "user_id", "session_id", "at"],
      row(n) {
        const created = at("events", n);
        return [n % 10 ? "sign_in" : "session_ended", ids(somebody(n)), systemRandom.uuid(created), created];
      },
    },
    {
      table: "failures",
      count: counts.failures,
      columns: ["id", "phone_tag", "bucket", "at", "code_length"],
      row(n) {
        const created = at("failures", n);
        return [systemRandom.uuid(created), tagOf(somebody(n)), n % 4 ? "stranger" : "device", created, 6];
      },
    },
  ];
}

const AGENT =
  "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36";

/** UUIDs of version 7 that can be told from the number again, so that the rows of one user find each other. */
function createIds(from: number, stepMs: number): (n: number) => string {
  return (n) => {
    const time = Math.floor(from + n * stepMs)
      .toString(16)
      .padStart(12, "0");
    const chance = ((n * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, "0");
    const number = n.toString(16).padStart(8, "0");
    return `${time.slice(0, 8)}-${time.slice(8)}-7${number.slice(0, 3)}-8${chance.slice(0, 3)}-${chance.slice(3)}${number.slice(3)}00`;
  };
}

/** Words of chance, of the letters of base64url. */
function createWords(): (length: number) => string {
  let text = "";
  let at = 0;
  return (length) => {
    if (at + length > text.length) {
      text = randomBytes(48_000).toString("base64url");
      at = 0;
    }
    at += length;
    return text.slice(at - length, at);
  };
}
