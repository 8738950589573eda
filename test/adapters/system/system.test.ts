import { expect, test } from "vitest";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import { deadlineIn } from "../../../src/adapters/system/deadline.ts";
import { systemRandom } from "../../../src/adapters/system/random.ts";

test("the clock tells the time of this machine in whole milliseconds", () => {
  const before = Date.now();
  const now = systemClock.now();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
  expect(Number.isInteger(now)).toBe(true);
});

test("random bytes have the length that was asked for and do not repeat", () => {
  expect(systemRandom.bytes(0)).toHaveLength(0);
  const drawn = Array.from({ length: 200 }, () => Buffer.from(systemRandom.bytes(16)).toString("hex"));
  expect(new Set(drawn).size).toBe(200);
  expect(drawn.every((hex) => hex.length === 32)).toBe(true);
});

test("random bytes of any length do not repeat and do not change later", () => {
  const drawn = [1, 4_095, 4_096, 4_097, 10_000, 33, 4_000, 200].map((length) => systemRandom.bytes(length));
  expect(drawn.map(({ length }) => length)).toEqual([1, 4_095, 4_096, 4_097, 10_000, 33, 4_000, 200]);
  const before = drawn.map((bytes) => Buffer.from(bytes).toString("hex"));
  // More than is drawn from the generator at a time.
  const later = Array.from({ length: 1_000 }, () => Buffer.from(systemRandom.bytes(16)).toString("hex"));
  expect(drawn.map((bytes) => Buffer.from(bytes).toString("hex"))).toEqual(before);
  const pieces = before.flatMap((hex) => hex.match(/.{32}/g) ?? []);
  expect(new Set([...pieces, ...later]).size).toBe(pieces.length + later.length);
});

test("a uuid has the fields of RFC 9562, section 5.7", () => {
  // The timestamp of the RFC's own example, appendix A.6.
  const uuid = systemRandom.uuid(0x017f22e279b0);
  expect(uuid).toMatch(/^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("uuids sort by time and do not repeat within a millisecond", () => {
  const now = Date.now();
  const uuids = Array.from({ length: 100 }, (_, i) => systemRandom.uuid(now + i));
  expect(uuids.toSorted()).toEqual(uuids);
  expect(new Set(Array.from({ length: 1000 }, () => systemRandom.uuid(now))).size).toBe(1000);
});

test("every random bit of a uuid varies", () => {
  const seen = Array.from({ length: 500 }, () => BigInt(`0x${systemRandom.uuid(0).replaceAll("-", "")}`));
  const union = seen.reduce((a, b) => a | b);
  const common = seen.reduce((a, b) => a & b);
  expect(union.toString(16).padStart(32, "0")).toBe(`${"0".repeat(12)}7fffbfffffffffffffff`);
  expect(common.toString(16).padStart(32, "0")).toBe(`${"0".repeat(12)}70008000000000000000`);
});

test("a uuid is refused for a time that does not fit 48 bits", () => {
  for (const time of [-1, 2 ** 48]) expect(() => systemRandom.uuid(time)).toThrow(RangeError);
});

test("a deadline resolves when its time is over, and aborts its signal, whether that was taken before or after", async () => {
  const deadline = deadlineIn(5);
  const signal = deadline.signal();
  await deadline.over;
  await deadline.over;
  expect(deadline.signal()).toBe(signal);
  expect(signal).toMatchObject({ aborted: true, reason: { name: "TimeoutError" } });
  const late = deadlineIn(5);
  await late.over;
  expect(late.signal()).toMatchObject({ aborted: true, reason: { name: "TimeoutError" } });
});

test("a deadline that was ended in time neither resolves nor aborts", async () => {
  const deadline = deadlineIn(5);
  let isOver = false;
  void deadline.over.then(() => {
    isOver = true;
  });
  deadline.end();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([isOver, deadline.signal().aborted]).toEqual([false, false]);
});
