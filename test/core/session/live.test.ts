import { describe, expect, test } from "vitest";
import type { Phone } from "../../../src/core/phone.ts";
import { isOpen } from "../../../src/core/session/session.ts";
import { PURPOSES } from "../../../src/core/verification/purpose.ts";
import { codeLengthsFor, testNumberOf } from "../../../src/core/verification/test-numbers.ts";
import { isLive, messageMembers, newVerificationId } from "../../../src/core/verification/verification.ts";
import { aSession, aVerification, DAY, MINUTE, NOW, SECOND } from "../../contracts/samples.ts";

describe("a session", () => {
  const settings = { accessTokenMs: MINUTE, sessionMs: 30 * DAY, idleMs: 7 * DAY };
  const session = aSession("user", { lastUsedAt: NOW, expiresAt: NOW + DAY });

  test("is open until the moment it expires", () => {
    expect(isOpen(session, settings, NOW + DAY - 1)).toBe(true);
    expect(isOpen(session, settings, NOW + DAY)).toBe(false);
  });

  test("is open while its last use is within the idle time", () => {
    const long = { ...session, expiresAt: NOW + 30 * DAY };
    expect(isOpen(long, settings, NOW + 7 * DAY - 1)).toBe(true);
    expect(isOpen(long, settings, NOW + 7 * DAY)).toBe(false);
  });

  test("is not open once it was ended", () => {
    expect(isOpen({ ...session, endedAt: NOW + 1 }, settings, NOW)).toBe(false);
  });
});

describe("a verification", () => {
  const verification = aVerification({ expiresAt: NOW + MINUTE, attemptsAllowed: 3, attemptsUsed: 2 });

  test("is live until the moment it expires", () => {
    expect(isLive(verification, NOW + MINUTE - 1)).toBe(true);
    expect(isLive(verification, NOW + MINUTE)).toBe(false);
  });

  test("is live while a guess is left and nothing ended it", () => {
    expect(isLive({ ...verification, attemptsUsed: 3 }, NOW)).toBe(false);
    expect(isLive({ ...verification, attemptsUsed: 4 }, NOW)).toBe(false);
    for (const outcome of ["approved", "canceled"] as const)
      expect(isLive({ ...verification, outcome }, NOW)).toBe(false);
  });

  test("has a member in the limits for each of its messages", () => {
    expect(messageMembers({ ...verification, id: "v", messages: 3 })).toEqual(["v.1", "v.2", "v.3"]);
  });

  test("has an id of 128 bits, 104 of them random", () => {
    const random = { bytes: (length: number) => Buffer.alloc(length, 7), uuid: () => "" };
    const id = Buffer.from(newVerificationId(random, 0x1234567 * SECOND), "base64url");
    expect(id.toString("hex")).toBe(`234567${"07".repeat(13)}`);
  });
});

describe("a test number", () => {
  const phone = "+8613800138000" as Phone;
  const numbers = [{ phone, code: "384756", until: NOW + DAY }];

  test.each(PURPOSES)("has its fixed code only for sign_in: %s", (purpose) => {
    expect(testNumberOf(numbers, { phone, purpose }, NOW)).toBe(
      purpose === "sign_in" ? numbers[0] : undefined,
    );
  });

  test("is one until its end; another number is not one", () => {
    const of = (at: number, other = phone) =>
      testNumberOf(numbers, { phone: other, purpose: "sign_in" }, at)?.code;
    expect([of(NOW + DAY - 1), of(NOW + DAY)]).toEqual(["384756", undefined]);
    expect(of(NOW, "+8613800138001" as Phone)).toBeUndefined();
  });

  test("never gets longer codes", () => {
    const lengths = { usual: 6, most: 8 };
    expect(codeLengthsFor(lengths, numbers[0])).toEqual({ usual: 6, most: 6 });
    expect(codeLengthsFor(lengths, undefined)).toEqual(lengths);
  });
});
