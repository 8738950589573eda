import { expect, test } from "vitest";
import { asksSecondFactor } from "../../../src/core/session/login-protection.ts";

const user = (loginProtection?: "new_devices" | "always") => ({
  deviceEpoch: 2,
  ...(loginProtection && { loginProtection }),
});

test.each([
  ["without login protection", user(), ["sms"], undefined, false],
  ["on an unknown device", user("new_devices"), ["sms"], undefined, true],
  ["on a known one", user("new_devices"), ["sms"], 2, false],
  ["on one that was known before all were forgotten", user("new_devices"), ["sms"], 1, true],
  ["on a known one, where it is asked for always", user("always"), ["sms"], 2, true],
  ["after two factors", user("always"), ["sms", "otp"], undefined, false],
] as const)("%s a second factor is asked for or not", (_, account, amr, knownEpoch, asks) => {
  expect(asksSecondFactor(account, { amr }, knownEpoch)).toBe(asks);
});
