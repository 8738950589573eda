import type { ApiKey } from "../../../core/backend/ports.ts";

/** What backends show, hashed. */
export interface ApiKeysTable {
  id: string;
  client: string;
  hash: string;
  /** With commas. */
  purposes: string;
  /** With commas; empty where it may come from anywhere. */
  networks: string;
  tells: ApiKey["tells"];
  /** JSON: the windows of its limit. */
  sends: string;
  /** JSON: a list of addresses; none in those of a version that knew none. */
  return_to: string | null;
  /** Millionths of a unit of the currency; null where nothing is set. */
  spend_hour: number | null;
  spend_day: number | null;
  created_at: number;
  expires_at: number;
  revoked_at: number | null;
}

/** Proofs that were redeemed, until nobody could redeem them any more. */
export interface RedeemedProofsTable {
  id: string;
  /** Tells who redeemed it. */
  redemption: string;
  at: number;
}
