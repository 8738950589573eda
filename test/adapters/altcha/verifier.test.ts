import { type Challenge, solveChallenge } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/pbkdf2";
import { beforeEach, describe, expect, test } from "vitest";
import { createAltchaVerifier } from "../../../src/adapters/altcha/verifier.ts";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import type { Captcha, ChallengeRequest } from "../../../src/core/protection/challenges/ports.ts";
import { createTestKeyring, type TestKeyring } from "../../support/keyring.ts";

const REQUEST: ChallengeRequest = { phoneTag: "t1.tag", purpose: "sign_in", browser: "pre" };
const LIFE_MS = 300_000;

let keyring: TestKeyring;
/** The library compares with the machine's clock too, so these tests begin at the machine's time. */
let now: number;
let verifier: ReturnType<typeof createAltchaVerifier>;
beforeEach(() => {
  now = Date.now();
  keyring = createTestKeyring({ clock: { now: () => now } });
  verifier = createAltchaVerifier({ keyring, random: systemRandom, cost: 1 });
});

async function newPuzzle(request = REQUEST): Promise<Challenge> {
  return (await verifier.puzzle?.(request, now)) as unknown as Challenge;
}

async function solve(challenge: Challenge) {
  const solution = await solveChallenge({ challenge, deriveKey });
  if (!solution) throw new Error("not solved");
  return { challenge, solution };
}

function captchaOf(payload: unknown): Captcha {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return { kind: "altcha", payload: Buffer.from(text).toString("base64") };
}

const verdictOn = (payload: unknown, request = REQUEST) => verifier.verify(captchaOf(payload), request, now);
const INVALID = { status: "invalid" };

describe("the solution of an ALTCHA puzzle", () => {
  test("is judged as solved until it expires, always with the same id", async () => {
    const puzzle = await newPuzzle();
    const payload = await solve(puzzle);
    const id = puzzle.parameters.nonce;
    expect(await verdictOn(payload)).toMatchObject({ status: "solved", id });
    now += LIFE_MS - 2_000;
    expect(await verdictOn(payload)).toMatchObject({ status: "solved", id });
    now += 2_000;
    expect(await verdictOn(payload)).toEqual(INVALID);
  });

  test("comes from a puzzle that shows nothing of the request and differs each time", async () => {
    const puzzles = [await newPuzzle(), await newPuzzle()].map((puzzle) => JSON.stringify(puzzle));
    expect(puzzles[0]).not.toBe(puzzles[1]);
    for (const part of Object.values(REQUEST)) expect(puzzles[0]).not.toContain(part);
  });

  test("takes the work that the cost sets", async () => {
    verifier = createAltchaVerifier({ keyring, random: systemRandom, cost: 7 });
    const { challenge, solution } = await solve(await newPuzzle());
    expect(challenge.parameters.cost).toBe(7);
    expect(solution.counter).toBeGreaterThanOrEqual(1_000);
    expect(solution.counter).toBeLessThan(2_000);
  });

  test.each([
    ["another phone", { phoneTag: "t1.other" }],
    ["another purpose", { purpose: "reset_password" }],
    ["another browser", { browser: "other" }],
  ])("for %s is invalid", async (_, other) => {
    const payload = await solve(await newPuzzle());
    expect(await verdictOn(payload, { ...REQUEST, ...other })).toEqual(INVALID);
  });

  test("of a page is invalid at the API, and the other way round", async () => {
    const { browser: _, ...atTheApi } = REQUEST;
    expect(await verdictOn(await solve(await newPuzzle()), atTheApi)).toEqual(INVALID);
    expect(await verdictOn(await solve(await newPuzzle(atTheApi)))).toEqual(INVALID);
    expect(await verdictOn(await solve(await newPuzzle(atTheApi)), atTheApi)).toMatchObject({
      status: "solved",
    });
  });

  test("made under the previous key is still solved", async () => {
    const payload = await solve(await newPuzzle());
    keyring.add("challenge");
    expect(await verdictOn(payload)).toMatchObject({ status: "solved" });
    expect((await newPuzzle()).parameters.data).not.toEqual(payload.challenge.parameters.data);
  });
});

describe("a forged ALTCHA puzzle is invalid", () => {
  test.each([
    ["easier", { cost: 0 }],
    ["for longer", { expiresAt: 99_999_999_999 }],
    ["with another prefix", { keyPrefix: "00" }],
    ["with another nonce", { nonce: "00".repeat(16) }],
    ["without a signed answer", { keySignature: "" }],
    ["by another algorithm", { algorithm: "SHA-256" }],
    ["with a key of another kind", { data: { key: "device" } }],
    ["with an unknown key", { data: { key: "__proto__" } }],
    ["with more in it", { more: 1 }],
  ])("%s", async (_, change) => {
    const { challenge, solution } = await solve(await newPuzzle());
    const parameters = { ...challenge.parameters, ...change };
    expect(await verdictOn({ challenge: { ...challenge, parameters }, solution })).toEqual(INVALID);
  });

  test("with the answer of another challenge", async () => {
    const { challenge } = await solve(await newPuzzle());
    const { solution } = await solve(await newPuzzle());
    expect(await verdictOn({ challenge, solution })).toEqual(INVALID);
  });

  test("with the prefix that the puzzle shows as its answer", async () => {
    const { challenge, solution } = await solve(await newPuzzle());
    const guess = { ...solution, derivedKey: challenge.parameters.keyPrefix.padEnd(64, "0") };
    expect(await verdictOn({ challenge, solution: guess })).toEqual(INVALID);
  });

  test("with the signature of another request", async () => {
    const { challenge, solution } = await solve(await newPuzzle({ ...REQUEST, phoneTag: "mine" }));
    const { signature } = await newPuzzle();
    expect(await verdictOn({ challenge: { ...challenge, signature }, solution })).toEqual(INVALID);
  });
});

test.each([
  "",
  "null",
  "[]",
  "{}",
  "{",
  '{"challenge":{}}',
  '{"challenge":null,"solution":null}',
  `${"[".repeat(3_000)}`,
  '{"__proto__":{"challenge":1}}',
  JSON.stringify({ algorithm: "SHA-256", challenge: "x", number: 1, salt: "y", signature: "z", took: 1 }),
])("%j is an invalid ALTCHA solution, and no fault", async (text) => {
  expect(await verdictOn(text)).toEqual(INVALID);
});

test("an ALTCHA solution that is no Base64, and a solution of another kind, are invalid", async () => {
  expect(await verifier.verify({ kind: "altcha", payload: "\u0000ä!" }, REQUEST, now)).toEqual(INVALID);
  expect(await verifier.verify({ kind: "turnstile", token: "x" }, REQUEST, now)).toEqual(INVALID);
});
