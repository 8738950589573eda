import { expect, test } from "vitest";
import { asksSecondFactor } from "../../../src/core/session/login-protection.ts";

const user = (loginProtection?: "new_devices" | "always") => ({
  deviceEpoch: 2,
  ...(loginProtection && { loginProtection }),
});

test.each([
  ["without login protection", user(), ["sms"], undefined, false],
  ["on an unknown device", user("new_devices"), ["sms"], undefined, true],
  ["on a known device", user("new_devices"), ["sms"], 2, false],
  ["on a device that was known before all were forgotten", user("new_devices"), ["sms"], 1, true],
  ["on a known device, if it is always asked for", user("always"), ["sms"], 2, true],
  ["after two factors", user("always"), ["sms", "otp"], undefined, false],
] as const)("a second factor is asked for only if needed: %s", (_, account, amr, knownEpoch, asks) => {
  expect(asksSecondFactor(account, { amr }, knownEpoch)).toBe(asks);
});
