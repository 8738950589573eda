import type { ApiKey } from "../../backend/ports.ts";
import type { Standing } from "../challenges/judge.ts";
import type { Traffic } from "../traffic.ts";
import type { Bucket, Limit } from "./ports.ts";

/** Who calls, as far as limits are concerned. */
export interface LimitCaller {
  readonly phoneTag: string;
  readonly bucket: Bucket;
  /** Who holds the verification: for a known device, that device. */
  readonly holder?: string | undefined;
  readonly traffic: Traffic;
  readonly standing: Standing;
  /** Whether the guard's allow-list names the number, its country or the client's network. */
  readonly isTrusted: boolean;
  /** The backend that asks with an API key; none of its windows is longer than `LONGEST_BACKEND_MS`. */
  readonly backend?: Pick<ApiKey, "client" | "sends" | "spend"> | undefined;
}

/** A caller who is asked for no challenge and is on no allow-list, as for notices and for messages on record. */
export function exemptCaller(of: Pick<LimitCaller, "phoneTag" | "bucket" | "traffic">): LimitCaller {
  return { ...of, standing: { name: "exempt" }, isTrusted: false };
}

/** A limit on a send. If `asksCaptcha` is set, its refusal is answered with a challenge. */
export interface SendLimit extends Limit {
  readonly asksCaptcha?: boolean | undefined;
  /** Whether the traffic of others counts here too. Then the exact time when it is free again is not told. */
  readonly isShared?: boolean | undefined;
  /** The windows for a send that its network's share pays for. If this is empty, such a send is not counted here. */
  readonly inShare?: Limit["windows"] | undefined;
}

/** Sets every property: a take reads some twenty limits, and objects of one shape are read many times faster. */
export function sendLimit(
  name: string,
  key: string,
  windows: Limit["windows"],
  more: Omit<SendLimit, "name" | "key" | "windows">,
): SendLimit {
  const { backoff, amount, advisory, part, asksCaptcha, isShared, inShare } = more;
  // While a caller's own limit refuses, nothing is told of others' traffic. A challenge is solved, not waited for.
  const untold = asksCaptcha || isShared;
  return { name, key, windows, backoff, amount, advisory, untold, part, asksCaptcha, isShared, inShare };
}
