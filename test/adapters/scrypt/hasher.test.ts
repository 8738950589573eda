import { scryptSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createPasswordHasher, type HasherOptions } from "../../../src/adapters/scrypt/hasher.ts";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import { UnavailableError } from "../../../src/core/refusals.ts";

/** So cheap that a test can make many hashes. */
const CHEAP = { ln: 4, r: 8, p: 1 };

const hasherWith = (options: Omit<HasherOptions, "random"> = { cost: CHEAP }) =>
  createPasswordHasher({ random: systemRandom, ...options });

describe("password hashes", () => {
  it("are made with OWASP's parameters, and contain them", async () => {
    const hash = await createPasswordHasher({ random: systemRandom }).hash("lantern orchard");
    const [, id, parameters, salt = "", derived] = hash.split("$");
    expect([id, parameters]).toEqual(["scrypt", "ln=15,r=8,p=3"]);
    expect(Buffer.from(salt, "base64")).toHaveLength(16);
    const options = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
    const expected = scryptSync("lantern orchard", Buffer.from(salt, "base64"), 32, options);
    expect(derived).toBe(expected.toString("base64").replace(/=+$/, ""));
  });

  it("match their password and no other, and are all different", async () => {
    const hasher = hasherWith();
    const [first, second] = [await hasher.hash("lantern orchard"), await hasher.hash("lantern orchard")];
    expect(first).not.toBe(second);
    expect(await hasher.verify("lantern orchard", first)).toBe(true);
    expect(await hasher.verify("lantern orchard", second)).toBe(true);
    expect(await hasher.verify("lantern orchards", first)).toBe(false);
    expect(await hasher.verify("", first)).toBe(false);
  });

  it("of other parameters still match, and are outdated", async () => {
    const former = await hasherWith({ cost: { ln: 3, r: 4, p: 2 } }).hash("lantern orchard");
    const hasher = hasherWith();
    expect(await hasher.verify("lantern orchard", former)).toBe(true);
    expect(await hasher.verify("lantern orchid", former)).toBe(false);
    expect(hasher.isOutdated(former)).toBe(true);
    expect(hasher.isOutdated(await hasher.hash("lantern orchard"))).toBe(false);
  });

  it.each([
    ["N", { ...CHEAP, ln: 3 }],
    ["r", { ...CHEAP, r: 4 }],
    ["p", { ...CHEAP, p: 2 }],
  ])("are outdated if only %s is another", async (_, cost) => {
    expect(hasherWith().isOutdated(await hasherWith({ cost }).hash("lantern orchard"))).toBe(true);
  });

  it("that are missing match nothing", async () => {
    expect(await hasherWith().verify("lantern orchard", undefined)).toBe(false);
  });

  it("that are missing take the same work, so that no duration tells (T31)", async () => {
    const hasher = hasherWith({ cost: CHEAP, atOnce: 1, waiting: 0 });
    const first = hasher.verify("lantern orchard", undefined);
    await expect(hasher.verify("lantern orchard", undefined)).rejects.toThrow(UnavailableError);
    expect(await first).toBe(false);
  });

  it.each([
    ["of another kind", "$2b$10$abcdefghijklmnopqrstuv"],
    ["cut off", "$scrypt$ln=4,r=8,p=1$c2FsdA$aGFzaA"],
    ["that would take a terabyte", `$scrypt$ln=40,r=8,p=1$c2FsdA$${"A".repeat(43)}`],
    ["that would take a gigabyte", `$scrypt$ln=20,r=8,p=1$c2FsdA$${"A".repeat(43)}`],
    ["that would take long", `$scrypt$ln=4,r=8,p=99999$c2FsdA$${"A".repeat(43)}`],
  ])("%s are a fault, and no work is done", async (_, stored) => {
    await expect(hasherWith().verify("lantern orchard", stored)).rejects.toThrow();
  });
});

describe("the work of the password hasher", () => {
  it("is limited to a number at once and a number in line; further calls are rejected at once", async () => {
    const hasher = hasherWith({ cost: { ln: 12, r: 8, p: 1 }, atOnce: 2, waiting: 3 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 9 }, (_, n) => hasher.hash(`password ${n}`)),
    );
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    expect(refused).toHaveLength(4);
    for (const error of refused) expect(error).toBeInstanceOf(UnavailableError);
    expect(outcomes.slice(0, 5).every(({ status }) => status === "fulfilled")).toBe(true);
  });

  it("is by default two at once and sixteen in line", async () => {
    const hasher = hasherWith();
    const outcomes = await Promise.allSettled(Array.from({ length: 30 }, () => hasher.hash("lantern")));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(2 + 16);
  });

  it("goes on after failures, which give their places back", async () => {
    const hasher = hasherWith({ cost: CHEAP, atOnce: 1, waiting: 0 });
    const broken = `$scrypt$ln=40,r=8,p=1$c2FsdA$${"A".repeat(43)}`;
    for (let n = 0; n < 5; n++) await expect(hasher.verify("lantern", broken)).rejects.toThrow();
    expect(await hasher.verify("lantern", await hasher.hash("lantern"))).toBe(true);
  });
});
