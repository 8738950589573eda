import { ok, type Result } from "../refusals.ts";
import { guessLimits, knownGuessLimits } from "./limits/attempts.ts";
import { type CountDeps, countOn } from "./limits/count-event.ts";
import type { Bucket } from "./limits/ports.ts";
import type { LimitSettings } from "./limits/settings.ts";
import { addressTagOf, type TrafficDeps } from "./traffic.ts";

interface GuessDeps extends CountDeps, TrafficDeps {
  readonly settings: { readonly limits: LimitSettings };
}

type Counted = Result<void, "too_many_requests">;

/**
 * Counts a guess, at a code or a password, against the limit of its client's address. Clients without an address are
 * not counted. A refusal is final for strangers; for known devices `admitKnownDevice` decides.
 *
 * @param addressKey the client's address as doors key it
 */
export async function countGuess(deps: GuessDeps, addressKey: string | undefined): Promise<Counted> {
  if (!addressKey) return ok(undefined);
  return await countOn(deps, guessLimits(deps.settings.limits, await addressTagOf(deps, addressKey)));
}

/**
 * Admits a guess that the limit of its address refused, if a known device of the phone made it and the limit on known
 * devices has room. So nobody who shares the device's address can keep it out by guessing (T8).
 *
 * @param counted what `countGuess` said
 * @param by who made the guess; undefined if that is not known
 */
export async function admitKnownDevice(
  deps: GuessDeps,
  counted: Counted,
  by: { readonly bucket: Bucket; readonly phoneTag: string } | undefined,
): Promise<Counted> {
  if (counted.ok || by?.bucket !== "device") return counted;
  return await countOn(deps, knownGuessLimits(deps.settings.limits, by.phoneTag));
}
