import { describe, expect, test } from "vitest";
import { createMemoryLimitStore } from "../../../../src/adapters/memory/limits.ts";
import type { RecordedMessage } from "../../../../src/core/delivery/receipt-ports.ts";
import { nextSend } from "../../../../src/core/protection/limits/next-send.ts";
import type { Bucket } from "../../../../src/core/protection/limits/ports.ts";
import type { LimitSettings } from "../../../../src/core/protection/limits/settings.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../times.ts";
import { DEFAULTS, NOW } from "./limit-samples.ts";

const PHONE_TAG = "key.tag";

/** A message of the record, so long ago. */
function message(agoMs: number, more: Partial<RecordedMessage> = {}): RecordedMessage {
  return {
    id: `message of ${agoMs}`,
    verificationId: `verification of ${agoMs}`,
    phoneTag: PHONE_TAG,
    sealedPhone: "",
    purpose: "sign_in",
    bucket: "stranger",
    status: "accepted",
    converted: false,
    createdAt: NOW - agoMs,
    price: 0,
    ...more,
  };
}

function next(
  messages: readonly RecordedMessage[],
  { bucket = "stranger", ...settings }: Partial<LimitSettings> & { readonly bucket?: Bucket } = {},
) {
  const asked = { phoneTag: PHONE_TAG, bucket, messages };
  return nextSend(createMemoryLimitStore(), { ...DEFAULTS, ...settings }, asked, NOW);
}

describe("the next message to a phone", () => {
  test("may be sent now if no limit holds it", async () => {
    expect(await next([])).toEqual({ at: NOW });
    expect(await next([message(30 * SECOND)])).toEqual({ at: NOW });
    expect(await next([message(SECOND, { converted: true })])).toEqual({ at: NOW });
  });

  test("waits as long as the unapproved ones before it demand", async () => {
    expect(await next([message(29 * SECOND)])).toEqual({ at: NOW + SECOND, heldBy: "resend" });
    const two = [message(SECOND), message(40 * SECOND)];
    expect(await next(two)).toEqual({ at: NOW + 59 * SECOND, heldBy: "resend" });
  });

  test("waits for the limit that holds it longest, even if another one refuses first", async () => {
    const five = [1, 3, 5, 7, 9].map((minutes) => message(minutes * MINUTE));
    expect(await next(five)).toEqual({ at: NOW + 51 * MINUTE, heldBy: "phone_side" });
    const ten = Array.from({ length: 10 }, (_, n) => message(MINUTE + n * HOUR, { converted: n > 0 }));
    expect(await next(ten)).toEqual({ at: NOW + DAY - 9 * HOUR - MINUTE, heldBy: "phone" });
    const twice = [message(SECOND), message(50 * MINUTE)];
    const slow = { resendMs: 20 * MINUTE, phoneSends: [{ max: 2, windowMs: HOUR }, ...DEFAULTS.phoneSends] };
    expect(await next(twice, slow)).toEqual({ at: NOW + 20 * MINUTE - SECOND, heldBy: "resend" });
  });

  test("is held by those of its own side, and by all of them in the longest window", async () => {
    const stranger = [message(SECOND)];
    expect(await next(stranger, { bucket: "device" })).toEqual({ at: NOW });
    const phoneSends = [{ max: 2, windowMs: DAY }];
    const devices = [HOUR, 2 * HOUR].map((ago) => message(ago, { bucket: "device", converted: true }));
    expect(await next(devices, { phoneSends })).toEqual({ at: NOW + 22 * HOUR, heldBy: "phone" });
  });

  test("is not held by limits that many phones share, nor by notices", async () => {
    const none = [{ max: 0, windowMs: HOUR }];
    const shared = { prefixSends: none, countrySends: none, totalSends: none, addressSends: none };
    expect(await next([message(SECOND, { purpose: "phone_changed" })], shared)).toEqual({ at: NOW });
  });

  test("is a window away if a limit lets none through at all", async () => {
    const phoneSends = [{ max: 0, windowMs: HOUR }];
    expect(await next([message(SECOND)], { phoneSends })).toEqual({ at: NOW + HOUR, heldBy: "phone" });
  });
});
