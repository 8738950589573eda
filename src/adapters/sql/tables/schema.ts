import type { Generated, Selectable } from "kysely";
import type { LoginProtection } from "../../../core/account/ports.ts";
import type { AlertKind } from "../../../core/alerts/kinds.ts";
import type { Message } from "../../../core/delivery/ports.ts";
import type { KeyKind } from "../../../core/keys.ts";
import type { Locale } from "../../../core/locale.ts";
import type { PasswordBucket } from "../../../core/password/ports.ts";
import type { Bucket } from "../../../core/protection/limits/ports.ts";
import type { Verification } from "../../../core/verification/ports.ts";
import type { Purpose } from "../../../core/verification/purpose.ts";
import type { EarlyReportsTable, OptOutsTable, RepliesTable } from "./answers.ts";
import type { ApiKeysTable, RedeemedProofsTable } from "./backends.ts";
import { FACTOR_TABLES, type FactorTables } from "./factors.ts";
import type { ErasuresTable, NoticesTable, PhoneChangesTable } from "./life.ts";
import { LIMIT_TABLES, type LimitTables } from "./limits.ts";
import type { InvitationsTable, UnlocksTable } from "./numbers.ts";

/** The tables as the code sees them; `migrations/` makes them. Times are epoch milliseconds. */
export interface Schema extends FactorTables, LimitTables {
  users: UsersTable;
  sessions: SessionsTable;
  messages: MessagesTable;
  events: EventsTable;
  failures: FailuresTable;
  keys: KeysTable;
  verifications: VerificationsTable;
  turns: TurnsTable;
  alerts: AlertsTable;
  early_reports: EarlyReportsTable;
  replies: RepliesTable;
  opt_outs: OptOutsTable;
  api_keys: ApiKeysTable;
  redeemed_proofs: RedeemedProofsTable;
  baselines: BaselinesTable;
  unlocks: UnlocksTable;
  notices: NoticesTable;
  phone_changes: PhoneChangesTable;
  erasures: ErasuresTable;
  invitations: InvitationsTable;
  migrations: MigrationsTable;
}

const NAMES: Readonly<Record<Exclude<keyof Schema, "migrations">, true>> = {
  users: true,
  sessions: true,
  messages: true,
  events: true,
  failures: true,
  keys: true,
  verifications: true,
  turns: true,
  alerts: true,
  early_reports: true,
  replies: true,
  opt_outs: true,
  api_keys: true,
  redeemed_proofs: true,
  baselines: true,
  unlocks: true,
  ...FACTOR_TABLES,
  ...LIMIT_TABLES,
  notices: true,
  phone_changes: true,
  erasures: true,
  invitations: true,
};

/** The names of all tables but that of the migrations themselves. */
export const TABLES: readonly string[] = Object.keys(NAMES);

interface UsersTable {
  id: string;
  phone_tag: string;
  sealed_phone: string;
  name: string;
  avatar: number;
  device_epoch: number;
  created_at: number;
  updated_at: number;
  /** Set while a user who was moved in has not signed in by a code yet. */
  unproven_since: number | null;
  login_protection: LoginProtection | null;
  /** Within a day of its last use; null in rows of a version that did not record it. */
  last_used_at: number | null;
  /** The hash of the password, encrypted for this row; null if none is set. */
  sealed_password: string | null;
  password_set_at: number | null;
  /** When it was last set by a code. */
  password_reset_at: number | null;
}

interface SessionsTable {
  id: string;
  user_id: string;
  generation: number;
  rotated_at: number;
  refresh_key_id: string;
  device_id: string;
  user_agent: string;
  created_at: number;
  last_used_at: number;
  expires_at: number;
  ended_at: number | null;
  /** 1 if a test number opened it. */
  test: Generated<number>;
  /** The methods, with spaces between them. */
  amr: Generated<string>;
  /** Null in what an older version opened. */
  auth_time: number | null;
  /** 1 while its user, who signed in by a temporary password, still has to choose a password. */
  must_set_password: Generated<number>;
}

interface MessagesTable {
  id: string;
  verification_id: string;
  phone_tag: string;
  sealed_phone: string;
  purpose: Message["purpose"];
  bucket: Bucket;
  country: string | null;
  prefix_tag: string | null;
  address_tag: string | null;
  network_tag: string | null;
  /** What the limits count it under. */
  member: string | null;
  /** Millionths of a unit of the currency. */
  price: number | null;
  status: Message["status"];
  created_at: number;
  sender: string | null;
  provider_id: string | null;
  provider_code: string | null;
  request_id: string | null;
  fee: number | null;
  held_until: number | null;
  /** The carrier's report on it, and when it came. */
  report_code: string | null;
  reported_at: number | null;
  /** Unique. It is removed from an old row if its key is used again after a day. */
  idempotency_key: string | null;
  idempotency_fingerprint: string | null;
  answer_code_length: number | null;
  answer_expires_at: number | null;
  answer_resend_at: number | null;
  client: string | null;
  /** 1 once its verification was approved. */
  converted: number;
}

export type EventType =
  | "sign_up"
  | "sign_in"
  | "session_ended"
  | "sessions_ended_by_operator"
  | "phone_change_started"
  | "phone_change_canceled"
  | "phone_change_stopped"
  | "phone_changed"
  | "number_released"
  | "account_exported"
  | "account_exported_by_operator"
  | "account_erased"
  | "account_erased_by_operator"
  | "step_up"
  | "factor_added"
  | "factor_removed"
  | "recovery_code_used"
  | "protection_on"
  | "protection_off"
  | "password_set"
  | "password_removed"
  | "api_key_created"
  | "api_key_replaced"
  | "api_key_revoked";

/** The audit trail. */
interface EventsTable {
  id: Generated<number>;
  type: EventType;
  /** The user that it is about, or a backend by its name, which is never a user's id. */
  user_id: string;
  session_id: string | null;
  at: number;
}

/** The ledger of wrong guesses at codes, and that of wrong passwords. */
interface FailuresTable {
  id: string;
  phone_tag: string;
  bucket: Bucket | PasswordBucket;
  at: number;
  code_length: number;
}

interface KeysTable {
  id: string;
  kind: KeyKind;
  sequence: number;
  wrapped: string;
  secret_id: string;
  created_at: number;
  active_from: number;
  retired_at: number | null;
}

interface VerificationsTable {
  id: string;
  purpose: Purpose;
  phone_tag: string;
  sealed_phone: string;
  code_key_id: string;
  code_length: number;
  granted_length: number | null;
  attempts_allowed: number;
  attempts_used: number;
  outcome: Verification["outcome"];
  approved_at: number | null;
  bucket: Bucket;
  country: string | null;
  prefix_tag: string | null;
  address_tag: string | null;
  network_tag: string | null;
  /** The holder of any kind; the column is named after the first kind. */
  device_id: string | null;
  browser: string | null;
  /** The backend that asked, and what it gave along. */
  client: string | null;
  sealed_ask: string | null;
  locale: Locale;
  created_at: number;
  expires_at: number;
  messages: number;
  resend_at: number;
}

/** Whose turn it is to do periodic work. */
interface TurnsTable {
  task: string;
  holder: string | null;
  held_until: number;
  /** 0 when it never was. */
  finished_at: number;
}

/** The operator's alerts, and whether they were told. */
interface AlertsTable {
  id: string;
  kind: AlertKind;
  subject: string;
  /** Unique; null once it is over. */
  standing_key: string | null;
  /** JSON. */
  detail: string;
  raised_at: number;
  cleared_at: number | null;
  /** 1 once the operator was told of it, 2 once they were also told of its end. */
  told: number;
  /** How often telling the operator failed since the last success. */
  attempts: number;
  /** Null while there is nothing to tell. */
  next_attempt_at: number | null;
}

/** What protection has learned about a prefix, a network, a country or everything. */
interface BaselinesTable {
  subject: string;
  /** Thousandths. */
  value: number;
  updated_at: number;
}

interface MigrationsTable {
  id: number;
  name: string;
  /** 0 from its beginning to its end: until then it may be half done. */
  applied_at: number;
}

export type UserRow = Selectable<UsersTable>;
export type SessionRow = Selectable<SessionsTable>;
export type FactorRow = Selectable<FactorTables["factors"]>;
export type MessageRow = Selectable<MessagesTable>;
export type NoticeRow = Selectable<NoticesTable>;
export type AlertRow = Selectable<AlertsTable>;
export type KeyRow = Selectable<KeysTable>;
export type VerificationRow = Selectable<VerificationsTable>;
