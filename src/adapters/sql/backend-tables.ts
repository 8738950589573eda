import type { ApiKey } from "../../core/backend/ports.ts";

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
