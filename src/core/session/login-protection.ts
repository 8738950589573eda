import type { User } from "../account/ports.ts";
import { levelOf } from "./methods.ts";
import type { Session } from "./ports.ts";

/**
 * Whether login protection asks for a second factor before this session is opened. Stores check it in the transaction
 * that opens the session, so that protection holds from the moment it is turned on.
 *
 * @param knownEpoch the user's epoch under which the device is known; under an older epoch no device is known
 */
export function asksSecondFactor(
  { loginProtection, deviceEpoch }: Pick<User, "loginProtection" | "deviceEpoch">,
  { amr }: Pick<Session, "amr">,
  knownEpoch: number | undefined,
): boolean {
  if (!loginProtection || levelOf(amr) === 2) return false;
  return loginProtection === "always" || knownEpoch !== deviceEpoch;
}
