import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cpuMs } from "../../support/cpu.ts";
import { AUDIENCE, createBench, KINDS, NOW, payload, SAMPLES, TIMES } from "./forge.ts";

const bench = createBench();
const { tokens } = bench;
const alphabet = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0é"];
const character = fc.constantFrom(...alphabet);
const runs = { numRuns: 250 };

describe.each(KINDS)("a token of kind %s", (kind) => {
  it("is refused if any one character is changed", async () => {
    const token = await tokens.issue(kind, SAMPLES[kind], TIMES);
    const property = fc.asyncProperty(fc.nat(token.length - 1), character, async (index, other) => {
      fc.pre(token[index] !== other);
      const changed = token.slice(0, index) + other + token.slice(index + 1);
      expect(await bench.readAll(changed)).toStrictEqual([]);
    });
    await fc.assert(property, runs);
    expect(await bench.readAll(token)).toStrictEqual([kind]);
  });

  it("is refused if a character is added or left out, or two are swapped", async () => {
    const token = await tokens.issue(kind, SAMPLES[kind], TIMES);
    const property = fc.asyncProperty(fc.nat(token.length - 1), character, async (index, other) => {
      const [before, here, after] = [token.slice(0, index), token.charAt(index), token.slice(index + 1)];
      const swapped = before + after.charAt(0) + here + after.slice(1);
      for (const changed of [before + other + here + after, before + after, swapped]) {
        if (changed !== token) expect(await bench.readAll(changed)).toStrictEqual([]);
      }
    });
    await fc.assert(property, { numRuns: 100 });
  });

  it("is refused if its last character is any other", async () => {
    const token = await tokens.issue(kind, SAMPLES[kind], TIMES);
    for (const other of alphabet.filter((one) => one !== token.slice(-1))) {
      expect(await tokens.read(kind, token.slice(0, -1) + other, NOW)).toBeUndefined();
    }
  });

  it("is refused if it is put together from parts of two tokens", async () => {
    const [one, two] = [
      await bench.forge(kind),
      await bench.forge(kind, { payload: { ...payload(kind), exp: 2e9 } }),
    ];
    const [left, right] = [one.split("."), two.split(".")];
    const choice = fc.array(fc.boolean(), { minLength: left.length, maxLength: left.length });
    const property = fc.asyncProperty(choice, async (choices) => {
      const mixed = left.map((part, index) => (choices[index] ? part : right[index])).join(".");
      if (mixed !== one && mixed !== two) expect(await tokens.read(kind, mixed, NOW)).toBeUndefined();
    });
    await fc.assert(property, { numRuns: 64 });
  });
});

describe("any string, as a token,", () => {
  const base64url = fc.stringMatching(/^[\w-]{0,60}$/);
  const header = fc
    .dictionary(
      fc.constantFrom("alg", "enc", "kid", "typ", "crit", "zip", "jwk", "__proto__"),
      fc.jsonValue(),
    )
    .map((value) => Buffer.from(JSON.stringify(value)).toString("base64url"));
  const dotted = fc
    .tuple(fc.oneof(header, base64url), fc.array(base64url, { minLength: 1, maxLength: 6 }))
    .map(([first, rest]) => [first, ...rest].join("."));
  const arbitrary = fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), dotted, fc.json());

  it("is refused by every reader, and makes none reject", async () => {
    const property = fc.asyncProperty(arbitrary, async (text) => {
      expect(await bench.readAll(text)).toStrictEqual([]);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it("is refused behind a right header, and makes no reader reject", async () => {
    const property = fc.asyncProperty(fc.constantFrom(...KINDS), fc.array(base64url), async (kind, rest) => {
      const first = Buffer.from(JSON.stringify(await bench.header(kind))).toString("base64url");
      expect(await bench.readAll([first, ...rest].join("."))).toStrictEqual([]);
    });
    await fc.assert(property, runs);
  });

  it("is refused as a payload under the right key, and makes no reader reject", async () => {
    const claims = fc.oneof(
      fc.json(),
      fc.string({ unit: "binary" }),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    const property = fc.asyncProperty(fc.constantFrom(...KINDS), claims, async (kind, text) => {
      expect(await bench.readAll(await bench.forge(kind, { payload: text }))).toStrictEqual([]);
    });
    await fc.assert(property, runs);
  });

  it("of megabytes is refused in less than 500 ms of CPU time", async () => {
    const started = cpuMs();
    for (const text of ["a".repeat(5e6), ".".repeat(5e6), `${AUDIENCE}.`.repeat(2e5)]) {
      expect(await bench.readAll(text)).toStrictEqual([]);
    }
    expect(cpuMs() - started).toBeLessThan(500);
  });
});

describe("token claims of any content", () => {
  const id = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });

  it("are read as they were issued", async () => {
    const property = fc.asyncProperty(
      id,
      id,
      fc.nat(),
      fc.string({ unit: "binary", maxLength: 200 }),
      async (a, b, n, text) => {
        const device = { sub: a, did: b, epoch: n };
        expect(await tokens.read("device", await tokens.issue("device", device, TIMES), NOW)).toStrictEqual(
          device,
        );
        const flow = { pre: a, state: text, challenge: b };
        expect(await tokens.read("flow", await tokens.issue("flow", flow, TIMES), NOW)).toStrictEqual(flow);
      },
    );
    await fc.assert(property, { numRuns: 150 });
  });
});
