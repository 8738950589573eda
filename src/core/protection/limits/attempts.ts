import type { Limit } from "./ports.ts";
import type { LimitSettings } from "./settings.ts";

/** The limit on guesses from one address; independent of whose codes they are. */
export function guessLimits(settings: LimitSettings, addressTag: string): Limit[] {
  return [{ name: "address_checks", key: `address-checks:${addressTag}`, windows: settings.addressChecks }];
}

/** The limit on guesses of a phone's known devices, for when their address has none left. */
export function knownGuessLimits(settings: LimitSettings, phoneTag: string): Limit[] {
  return [{ name: "device_checks", key: `device-checks:${phoneTag}`, windows: settings.addressChecks }];
}

/** The limit on solutions of challenges that somebody else judges for us. */
export function solutionLimits(settings: LimitSettings, addressTag: string | undefined): Limit[] {
  if (!addressTag) return [];
  return [
    { name: "address_solutions", key: `address-solutions:${addressTag}`, windows: settings.addressChecks },
  ];
}
