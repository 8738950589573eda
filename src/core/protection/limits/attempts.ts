import type { Limit } from "./ports.ts";
import type { LimitSettings } from "./settings.ts";

/** The limit on guesses from one address, whichever phone the codes are for. */
export function guessLimits(settings: LimitSettings, addressTag: string): Limit[] {
  return [{ name: "address_checks", key: `address-checks:${addressTag}`, windows: settings.addressChecks }];
}

/** The limit on guesses of a phone's known devices. It applies once their address has none left. */
export function knownGuessLimits(settings: LimitSettings, phoneTag: string): Limit[] {
  return [{ name: "device_checks", key: `device-checks:${phoneTag}`, windows: settings.addressChecks }];
}

/** The limit on solutions of challenges that a third party judges for us. */
export function solutionLimits(settings: LimitSettings, addressTag: string | undefined): Limit[] {
  if (!addressTag) return [];
  return [
    { name: "address_solutions", key: `address-solutions:${addressTag}`, windows: settings.addressChecks },
  ];
}
