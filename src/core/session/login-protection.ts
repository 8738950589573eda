import type { Session, User } from "../account/ports.ts";
import { levelOf } from "./methods.ts";

/**
 * Whether login protection asks for more than what this session would be opened by. A store decides by it in the very
 * transaction that opens: protection that was turned on a moment ago holds.
 *
 * @param knownEpoch the user's epoch under which the device was known; one that is over knows no device
 */
export function asksSecondFactor(
  { loginProtection, deviceEpoch }: Pick<User, "loginProtection" | "deviceEpoch">,
  { amr }: Pick<Session, "amr">,
  knownEpoch: number | undefined,
): boolean {
  if (!loginProtection || levelOf(amr) === 2) return false;
  return loginProtection === "always" || knownEpoch !== deviceEpoch;
}
