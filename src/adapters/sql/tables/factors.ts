import type { Factor } from "../../../core/account/factors/ports.ts";
import type { Bucket } from "../../../core/protection/limits/ports.ts";

/** Authenticator apps and passkeys. The kind of a row decides which columns are set. */
interface FactorsTable {
  id: string;
  user_id: string;
  kind: Factor["kind"];
  label: string;
  created_at: number;
  /** Null while no code of the app was shown. */
  confirmed_at: number | null;
  last_used_at: number | null;
  sealed_secret: string | null;
  /** The step of time whose code was used last. */
  last_step: number | null;
  credential_id: string | null;
  /** Unique. */
  credential_hash: string | null;
  public_key: string | null;
  counter: number | null;
  transports: string | null;
}

interface RecoveryCodesTable {
  id: string;
  user_id: string;
  hash: string;
  created_at: number;
  used_at: number | null;
}

/** The challenges that browsers were asked to sign with a passkey, until they are answered. */
interface PasskeyChallengesTable {
  /** The challenge itself. */
  id: string;
  user_id: string;
  bound_to: string;
  expires_at: number;
}

/** The ledger of wrong codes of authenticator apps. */
interface FactorFailuresTable {
  id: string;
  user_id: string;
  bucket: Bucket;
  at: number;
}

export interface FactorTables {
  factors: FactorsTable;
  recovery_codes: RecoveryCodesTable;
  passkey_challenges: PasskeyChallengesTable;
  factor_failures: FactorFailuresTable;
}

/** Their names. */
export const FACTOR_TABLES = {
  factors: true,
  recovery_codes: true,
  passkey_challenges: true,
  factor_failures: true,
} as const satisfies Record<keyof FactorTables, true>;
