import { randomUUID } from "node:crypto";
import type { User } from "../../src/core/account/ports.ts";
import type { Message } from "../../src/core/delivery/ports.ts";
import type { KeyStore, WrappedKey } from "../../src/core/keys.ts";
import type { Session } from "../../src/core/session/ports.ts";
import type { Verification } from "../../src/core/verification/ports.ts";
import { DAY, MINUTE, SECOND } from "../support/times.ts";

export { DAY, MINUTE, SECOND };

/** The time at which the suites play, epoch milliseconds. */
export const NOW = Date.UTC(2026, 7, 1, 12);

/** A text that no other test uses; a suite shares one store among its tests. */
export function fresh(prefix: string): string {
  return `${prefix}-${randomUUID()}`;
}

export function aVerification(over: Partial<Verification> = {}): Verification {
  return {
    id: fresh("verification"),
    purpose: "sign_in",
    phoneTag: `k.${fresh("tag")}`,
    sealedPhone: "sealed",
    codeKeyId: "code-key",
    codeLength: 6,
    attemptsAllowed: 3,
    attemptsUsed: 0,
    outcome: "open",
    bucket: "stranger",
    traffic: { country: "CN", prefixTag: fresh("prefix"), addressTag: "address", networkTag: "network" },
    locale: "zh-CN",
    createdAt: NOW,
    expiresAt: NOW + 5 * MINUTE,
    messages: 1,
    resendAt: NOW + 30 * SECOND,
    ...over,
  };
}

export function aUser(phoneTag: string, over: Partial<User> = {}): User {
  return {
    id: fresh("user"),
    phoneTag,
    sealedPhone: "sealed",
    name: "",
    avatar: 3,
    deviceEpoch: 0,
    createdAt: NOW,
    ...over,
  };
}

export function aSession(userId: string, over: Partial<Session> = {}): Session {
  return {
    id: fresh("session"),
    userId,
    generation: 0,
    rotatedAt: NOW,
    refreshKeyId: "refresh-key",
    deviceId: "device",
    amr: ["sms"],
    authTime: NOW,
    userAgent: "Mozilla/5.0 (某浏览器; \u{1F4F1})",
    createdAt: NOW,
    lastUsedAt: NOW,
    expiresAt: NOW + 30 * DAY,
    ...over,
  };
}

export function aMessage(over: Partial<Message> = {}): Message {
  return {
    id: fresh("message"),
    verificationId: fresh("verification"),
    phoneTag: `k.${fresh("tag")}`,
    sealedPhone: "sealed",
    purpose: "sign_in",
    bucket: "stranger",
    traffic: { country: "CN", prefixTag: fresh("prefix") },
    member: fresh("member"),
    price: 50_000,
    status: "sending",
    createdAt: NOW,
    ...over,
  };
}

let sequence = 1_000;

export function aKey(over: Partial<WrappedKey> = {}): WrappedKey {
  sequence += 1;
  return {
    id: fresh("key"),
    kind: "tag",
    sequence,
    wrapped: "wrapped",
    secretId: "secret-1",
    createdAt: NOW,
    activeFrom: NOW,
    ...over,
  };
}

/** Adds the key that the tags of samples are under. */
export async function addSampleKey(keys: KeyStore): Promise<void> {
  await keys.add(aKey({ id: "k", activeFrom: 0 }));
}

/** Adds a tag key in use and returns its id and a maker of tags under it. */
export async function addTagKey(keys: KeyStore, over: Partial<WrappedKey> = {}) {
  const key = aKey(over);
  if (!(await keys.add(key))) throw new Error("the sample key is taken");
  return { id: key.id, tag: () => `${key.id}.${randomUUID()}` };
}

/** Runs `count` calls that all begin before the first one ends. */
export function parallel<T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => call(index)));
}
