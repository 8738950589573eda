import { describe, expect, test } from "vitest";
import { createMemoryVerificationStore } from "../../../src/adapters/memory/verifications.ts";
import { createNaiveVerificationStore } from "../../contracts/naive-verification-store.ts";
import { aVerification, MINUTE, NOW } from "../../contracts/samples.ts";
import {
  raceRightGuesses,
  raceWrongGuesses,
  verificationStoreContract,
} from "../../contracts/verification-store.ts";

verificationStoreContract("memory", async () => ({
  store: createMemoryVerificationStore(),
  close: async () => {},
}));

describe("a naive verification store, as the control,", () => {
  test("fails T1: more than 3 wrong guesses are looked at", async () => {
    const { wrong } = await raceWrongGuesses(createNaiveVerificationStore());
    expect(wrong).toBeGreaterThan(3);
  });

  test("fails T2: more than one of the right guesses is approved", async () => {
    const { approved } = await raceRightGuesses(createNaiveVerificationStore());
    expect(approved).toBeGreaterThan(1);
  });
});

describe("verifications in memory", () => {
  test("are dropped when they ended long ago", async () => {
    const store = createMemoryVerificationStore();
    const old = aVerification({ createdAt: NOW - 60 * MINUTE, expiresAt: NOW - 55 * MINUTE });
    await store.create(old);
    await store.create(aVerification());
    expect(await store.find(old.id)).toBeUndefined();
  });

  test("are dropped when the store is full: an expired one first, then the oldest", async () => {
    const store = createMemoryVerificationStore({ mostKept: 3 });
    const oldest = aVerification();
    const expired = aVerification({ expiresAt: NOW - 1 });
    const third = aVerification();
    for (const each of [oldest, expired, third]) await store.create(each);

    await store.create(aVerification());
    expect(await store.find(expired.id)).toBeUndefined();
    expect(await store.find(oldest.id)).toEqual(oldest);

    await store.create(aVerification());
    expect(await store.find(oldest.id)).toBeUndefined();
    expect(await store.find(third.id)).toEqual(third);
  });

  test("are never more than the cap, however many are started", async () => {
    const store = createMemoryVerificationStore({ mostKept: 100 });
    for (let start = 0; start < 1_000; start++) await store.create(aVerification());
    expect(await store.sweep(Number.MAX_SAFE_INTEGER, 10_000)).toBe(100);
  });
});
