import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type HeaderProfile, readCompact } from "../../../src/adapters/jose/compact.ts";
import { mirrorS } from "./forge.ts";

/** Project Wycheproof (C2SP/wycheproof), `json_web_signature_test.json`; its licence lies beside it. */
interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly jws: string;
  readonly result: "valid" | "invalid";
}
interface Group {
  readonly comment: string;
  readonly public?: JsonWebKey;
  readonly private?: JsonWebKey;
  readonly tests: readonly Vector[];
}

const file = new URL("../../vectors/wycheproof/json_web_signature_test.json", import.meta.url);
const { testGroups, numberOfTests } = JSON.parse(readFileSync(file, "utf8")) as {
  readonly testGroups: readonly Group[];
  readonly numberOfTests: number;
};

/** Valid vectors that Phonekey's stricter profile refuses, and why. */
const REFUSED_BY_PROFILE: ReadonlyMap<number, string> = new Map([
  [18, "S is in the upper half: (r, n-S) verifies too, so one token would have two forms"],
  [372, "a character outside base64url in the header: one spelling of each token"],
  [373, "a character outside base64url in the payload: one spelling of each token"],
  [376, "spaces in the header: one serialisation of each header"],
  [377, "white space in the header: one serialisation of each header"],
]);

/** Invalid vectors with the text of a valid one: the padding that they are about is missing from the file. */
const TEXT_OF_A_VALID_ONE: ReadonlyMap<number, number> = new Map([
  [367, 357],
  [370, 357],
]);

// The vectors have no `typ`; without it the profiles are those of access and refresh tokens.
const PROFILES = { ES256: { alg: "ES256" }, HS256: { alg: "HS256" } } as const satisfies Record<
  string,
  HeaderProfile
>;
type Algorithm = keyof typeof PROFILES;

function keyOf(group: Group): KeyObject {
  const jwk = group.public ?? group.private;
  if (!jwk) throw new Error(`no key in the group ${group.comment}`);
  if (jwk.kty === "oct") return createSecretKey(Buffer.from(String(jwk.k), "base64url"));
  return createPublicKey({ key: jwk, format: "jwk" });
}

function algorithmOf(group: Group): Algorithm | undefined {
  const jwk = group.public ?? group.private;
  if (jwk?.kty === "oct") return "HS256";
  return jwk?.crv === "P-256" ? "ES256" : undefined;
}

/** Reads with the given key whatever the `kid` says, so that no vector is refused only because its key is unknown. */
function read(jws: string, algorithm: Algorithm, key: KeyObject) {
  return readCompact(jws, PROFILES[algorithm], async () => key);
}

function vectorOf(tcId: number): { readonly vector: Vector; readonly key: KeyObject } {
  for (const group of testGroups) {
    const vector = group.tests.find((candidate) => candidate.tcId === tcId);
    if (vector) return { vector, key: keyOf(group) };
  }
  throw new Error(`no vector ${tcId}`);
}

const spare = {
  ES256: vectorOf(378).key,
  HS256: createSecretKey(randomBytes(32)),
};
const counted = { accepted: 0, refused: 0 };

describe.each(["ES256", "HS256"] as const)("Wycheproof: the %s reader", (algorithm) => {
  const groups = testGroups.filter((group) => algorithmOf(group) === algorithm);
  const vectors = groups.flatMap((group) => group.tests.map((vector) => ({ vector, key: keyOf(group) })));
  const taken = vectors.filter(
    ({ vector }) => vector.result === "valid" && !REFUSED_BY_PROFILE.has(vector.tcId),
  );
  const stricter = vectors.filter(({ vector }) => REFUSED_BY_PROFILE.has(vector.tcId));
  const invalid = vectors.filter(
    ({ vector }) => vector.result === "invalid" && !TEXT_OF_A_VALID_ONE.has(vector.tcId),
  );

  it(`accepts ${taken.length} of ${vectors.length} vectors in ${groups.length} groups, with their payload`, async () => {
    for (const { vector, key } of taken) {
      const payload = Buffer.from(vector.jws.split(".")[1] ?? "", "base64url");
      const got = await read(vector.jws, algorithm, key);
      expect(got && Buffer.from(got), `tcId ${vector.tcId} ${vector.comment}`).toStrictEqual(payload);
      counted.accepted++;
    }
  });

  it.each(stricter)(
    "refuses valid vector $vector.tcId, which is stricter than the standard",
    async ({ vector, key }) => {
      expect(vector.result, REFUSED_BY_PROFILE.get(vector.tcId)).toBe("valid");
      expect(await read(vector.jws, algorithm, key)).toBeUndefined();
      counted.refused++;
    },
  );

  it(`refuses all ${invalid.length} invalid vectors`, async () => {
    for (const { vector, key } of invalid) {
      const got = await read(vector.jws, algorithm, key);
      expect(got, `tcId ${vector.tcId} ${vector.comment}`).toBeUndefined();
      counted.refused++;
    }
  });
});

describe("Wycheproof: all readers", () => {
  const foreign = testGroups.filter((group) => algorithmOf(group) === undefined);
  const vectors = foreign.flatMap((group) => group.tests.map((vector) => ({ vector, key: keyOf(group) })));
  const valid = vectors.filter(({ vector }) => vector.result === "valid").length;

  it(`refuse ${vectors.length} vectors of other algorithms and curves, ${valid} of them valid`, async () => {
    for (const { vector, key } of vectors) {
      const label = `tcId ${vector.tcId} ${vector.comment}`;
      expect(await read(vector.jws, "ES256", key), label).toBeUndefined();
      expect(await read(vector.jws, "HS256", spare.HS256), label).toBeUndefined();
      counted.refused++;
    }
  });

  it(`refuse each of the ${numberOfTests} vectors with the reader of the other algorithm`, async () => {
    for (const group of testGroups) {
      const other = algorithmOf(group) === "ES256" ? "HS256" : "ES256";
      for (const { jws, tcId } of group.tests) {
        expect(await read(jws, other, spare[other]), `tcId ${tcId}`).toBeUndefined();
      }
    }
  });

  it(`have judged all ${numberOfTests} vectors, ${TEXT_OF_A_VALID_ONE.size} of them by the vector with the same text`, () => {
    expect(counted.accepted + counted.refused + TEXT_OF_A_VALID_ONE.size).toBe(numberOfTests);
  });
});

it("Wycheproof: vector 18 is refused only for its high S: with the low one it is accepted", async () => {
  const { vector, key } = vectorOf(18);
  const start = vector.jws.lastIndexOf(".") + 1;
  const signature = mirrorS(Buffer.from(vector.jws.slice(start), "base64url"));
  const lowered = vector.jws.slice(0, start) + signature.toString("base64url");
  expect(Buffer.from((await read(lowered, "ES256", key))!).toString()).toBe("foo");
});

it.each([...TEXT_OF_A_VALID_ONE])(
  "Wycheproof: vector %i has the text of the valid vector %i, and is refused with padding",
  async (tcId, twin) => {
    const { vector, key } = vectorOf(tcId);
    expect(vector.jws).toBe(vectorOf(twin).vector.jws);
    const [head, body, signature] = vector.jws.split(".");
    for (const padded of [
      `${head}=.${body}.${signature}`,
      `${head}.${body}==.${signature}`,
      `${vector.jws}=`,
    ]) {
      expect(await read(padded, "HS256", key)).toBeUndefined();
    }
  },
);
