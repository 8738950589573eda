import type { ApiKey } from "../../../core/backend/ports.ts";

/** What backends show, hashed. */
export interface ApiKeysTable {
  id: string;
  client: string;
  hash: string;
  /** With commas. */
  purposes: string;
  /** With commas; empty if requests may come from anywhere. */
  networks: string;
  tells: ApiKey["tells"];
  /** JSON: the windows of its limit. */
  sends: string;
  /** JSON: a list of addresses; null in rows of a version that knew none. */
  return_to: string | null;
  /** Millionths of a unit of the currency; null if nothing is set. */
  spend_hour: number | null;
  spend_day: number | null;
  created_at: number;
  expires_at: number;
  revoked_at: number | null;
}

/** Proofs that were redeemed, kept until they could no longer be redeemed anyway. */
export interface RedeemedProofsTable {
  id: string;
  /** Tells who redeemed it. */
  redemption: string;
  at: number;
}
