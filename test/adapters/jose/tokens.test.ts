import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, verify } from "node:crypto";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { createTokens } from "../../../src/adapters/jose/tokens.ts";
import type { Keyring } from "../../../src/core/keys.ts";
import { UnavailableError } from "../../../src/core/refusals.ts";
import type { TokenClaims, TokenKind } from "../../../src/core/session/ports.ts";
import { createTestKeyring } from "../../support/keyring.ts";
import { AUDIENCE, createBench, ISSUER, KINDS, NOW, payload, SAMPLES, TIMES, WIRE } from "./forge.ts";

const bench = createBench();
const { tokens, keyring } = bench;

function issueSample<K extends TokenKind>(kind: K): Promise<string> {
  return tokens.issue(kind, SAMPLES[kind], TIMES);
}

function decodeSegment(token: string, index: number): unknown {
  return JSON.parse(Buffer.from(token.split(".")[index] ?? "", "base64url").toString());
}

describe.each(KINDS)("a token of kind %s", (kind) => {
  it("is read as the claims it was issued with", async () => {
    expect(await tokens.read(kind, await issueSample(kind), NOW)).toStrictEqual(SAMPLES[kind]);
  });

  it("has exactly the header of its kind", async () => {
    expect(decodeSegment(await issueSample(kind), 0)).toStrictEqual(await bench.header(kind));
  });

  it("is read if the test signs it by hand with the same key", async () => {
    expect(await tokens.read(kind, await bench.forge(kind), NOW)).toStrictEqual(SAMPLES[kind]);
  });

  it("ends with the second of its expiry, without leeway", async () => {
    const token = await tokens.issue(kind, SAMPLES[kind], { issuedAt: NOW, expiresAt: NOW + 1999 });
    expect(await tokens.read(kind, token, NOW + 999)).toBeDefined();
    expect(await tokens.read(kind, token, NOW + 1000)).toBeUndefined();
    expect(await tokens.read(kind, token, NOW + 1_000_000)).toBeUndefined();
  });

  it("can be read by readExpired after it has expired, with the time of its expiry", async () => {
    const token = await tokens.issue(kind, SAMPLES[kind], { issuedAt: NOW - 9000, expiresAt: NOW - 1001 });
    expect(await tokens.read(kind, token, NOW)).toBeUndefined();
    const expected = { claims: SAMPLES[kind], expiresAt: NOW - 2000 };
    expect(await tokens.readExpired(kind, token)).toStrictEqual(expected);
    for (const other of KINDS.filter((each) => each !== kind)) {
      expect(await tokens.readExpired(other, token)).toBeUndefined();
    }
    expect(await tokens.readExpired(kind, `${token}A`)).toBeUndefined();
  });

  it("is refused by another issuer with the same keys", async () => {
    const other = createTokens({ keyring, issuer: "https://other.example.com", audience: AUDIENCE });
    expect(await other.read(kind, await issueSample(kind), NOW)).toBeUndefined();
  });

  it("is refused with other keys", async () => {
    const other = createBench().tokens;
    expect(await other.read(kind, await issueSample(kind), NOW)).toBeUndefined();
  });

  it("stays readable after a newer key became active, as long as its key is kept", async () => {
    let now = NOW;
    const ring = createTestKeyring({ clock: { now: () => now } });
    const own = createTokens({ keyring: ring, issuer: ISSUER, audience: AUDIENCE });
    const old = await ring.current(WIRE[kind].keyKind);
    const token = await own.issue(kind, SAMPLES[kind], { issuedAt: NOW, expiresAt: NOW + 1e12 });
    const young = ring.add(WIRE[kind].keyKind);
    expect(decodeSegment(await own.issue(kind, SAMPLES[kind], TIMES), 0)).toHaveProperty("kid", young.id);
    expect(decodeSegment(await own.issue(kind, SAMPLES[kind], TIMES, old.id), 0)).toHaveProperty(
      "kid",
      old.id,
    );
    expect(await own.read(kind, token, NOW)).toStrictEqual(SAMPLES[kind]);
    now += 500 * 86_400_000;
    expect(await own.read(kind, token, NOW)).toBeUndefined();
    await expect(own.issue(kind, SAMPLES[kind], TIMES, old.id)).rejects.toThrow("no longer kept");
  });
});

describe("an access token that was read before (cache)", () => {
  const read = (token: string, now = NOW) => tokens.read("access", token, now);

  it("is read the same again, also after many others, and not after it has expired", async () => {
    const first = await issueSample("access");
    const others = Array.from({ length: 1_100 }, () => issueSample("access"));
    for (const token of [first, ...(await Promise.all(others)), first, first]) {
      expect(await read(token)).toStrictEqual(SAMPLES.access);
    }
    expect(await read(first, TIMES.expiresAt - 1)).toStrictEqual(SAMPLES.access);
    expect(await read(first, TIMES.expiresAt)).toBeUndefined();
  });

  it("does not make another token valid", async () => {
    const token = await issueSample("access");
    expect(await read(token)).toStrictEqual(SAMPLES.access);
    const last = token.at(-2) === "A" ? "B" : "A";
    for (const other of [`${token}.`, ` ${token}`, `${token.slice(0, -2)}${last}${token.at(-1)}`, ""]) {
      expect(await read(other)).toBeUndefined();
    }
    expect(await tokens.read("proof", token, NOW)).toBeUndefined();
  });
});

describe(`promise 10: ${KINDS.length} × ${KINDS.length} kinds`, () => {
  it.each(KINDS)("a token of kind %s is read as that kind and no other", async (kind) => {
    expect(await bench.readAll(await issueSample(kind))).toStrictEqual([kind]);
  });

  const pairs = KINDS.flatMap((kind) =>
    KINDS.filter((other) => other !== kind).map((other) => [kind, other] as const),
  );

  it.each(pairs)("%s refuses its own token with the typ of %s", async (kind, other) => {
    const header = { ...(await bench.header(kind)), typ: WIRE[other].typ };
    expect(await bench.readAll(await bench.forge(kind, { header }))).toStrictEqual([]);
  });

  it.each(pairs)("%s refuses its own token with the audience of %s", async (kind, other) => {
    const token = await bench.forge(kind, { payload: { ...payload(kind), aud: WIRE[other].aud } });
    expect(await bench.readAll(token)).toStrictEqual([]);
  });

  it.each(pairs)("%s refuses its own token that names the key of %s", async (kind, other) => {
    const { id } = await keyring.current(WIRE[other].keyKind);
    const token = await bench.forge(kind, { header: { ...(await bench.header(kind)), kid: id } });
    expect(await bench.readAll(token)).toStrictEqual([]);
  });

  it("no two kinds share a typ, an audience or a kind of key", () => {
    for (const part of ["typ", "aud", "keyKind"] as const) {
      expect(new Set(KINDS.map((kind) => WIRE[kind][part])).size).toBe(KINDS.length);
    }
  });
});

describe("refresh tokens", () => {
  it("are equal for equal claims, times and key, whatever the order of the claims", async () => {
    const { id } = await keyring.current("refresh");
    const first = await tokens.issue("refresh", { sid: "s", gen: 1 }, TIMES);
    expect(await tokens.issue("refresh", { gen: 1, sid: "s" }, TIMES)).toBe(first);
    expect(await tokens.issue("refresh", { sid: "s", gen: 1 }, TIMES, id)).toBe(first);
  });

  it("differ if a claim or a time differs", async () => {
    const variants = await Promise.all([
      tokens.issue("refresh", { sid: "s", gen: 1 }, TIMES),
      tokens.issue("refresh", { sid: "s", gen: 2 }, TIMES),
      tokens.issue("refresh", { sid: "t", gen: 1 }, TIMES),
      tokens.issue("refresh", { sid: "s", gen: 1 }, { ...TIMES, issuedAt: NOW + 1000 }),
      tokens.issue("refresh", { sid: "s", gen: 1 }, { ...TIMES, expiresAt: NOW + 61_000 }),
    ]);
    expect(new Set(variants).size).toBe(variants.length);
  });
});

describe.each(["flow", "handover", "link"] as const)("a %s token", (kind) => {
  it("is encrypted, and different each time", async () => {
    const token = await issueSample(kind);
    for (const segment of token.split(".").slice(1)) {
      expect(Buffer.from(segment, "base64url").toString("latin1")).not.toMatch(
        /[a-z]-1|example|urn:|created/,
      );
    }
    expect(await issueSample(kind)).not.toBe(token);
  });
});

describe("access tokens", () => {
  it("are verified by an independent library through the JWKS", async () => {
    const set = createLocalJWKSet((await tokens.jwks()) as JSONWebKeySet);
    for (let round = 0; round < 20; round++) {
      const verified = await jwtVerify(await issueSample("access"), set, {
        algorithms: ["ES256"],
        audience: AUDIENCE,
        issuer: ISSUER,
        typ: "at+jwt",
        currentDate: new Date(NOW),
        requiredClaims: ["sub", "sid", "jti", "iat", "exp"],
      });
      expect(verified.payload).toMatchObject({ ...SAMPLES.access, iat: NOW / 1000, exp: NOW / 1000 + 60 });
      expect(verified.protectedHeader.kid).toBe((await keyring.current("signing")).id);
    }
  });

  it("name their client, as RFC 9068 asks, and are read without it, as an earlier version made them", async () => {
    expect(decodeSegment(await issueSample("access"), 1)).toMatchObject({ client_id: "phonekey" });
    const read = async (claims: object) =>
      bench.readAll(await bench.forge("access", { payload: { ...payload("access"), ...claims } }));
    expect(await read({ client_id: "phonekey" })).toEqual(["access"]);
    expect(await read({})).toEqual(["access"]);
    for (const client_id of ["shop", "", null]) expect(await read({ client_id })).toEqual([]);
  });

  it("are verified by OpenSSL through the JWKS", async () => {
    const token = await issueSample("access");
    const [head = "", body = "", signature = ""] = token.split(".");
    const { kid } = decodeSegment(token, 0) as { kid: string };
    const jwk = (await tokens.jwks()).keys.find((candidate) => candidate.kid === kid) as JsonWebKey;
    const key = createPublicKey({ key: jwk, format: "jwk" });
    const options = { key, dsaEncoding: "ieee-p1363" } as const;
    const isValid = (input: string) =>
      verify("sha256", Buffer.from(input), options, Buffer.from(signature, "base64url"));
    expect(isValid(`${head}.${body}`)).toBe(true);
    expect(isValid(`${head}.${body}A`)).toBe(false);
  });

  it("have a signature of 64 bytes with a low S", async () => {
    const half = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n;
    for (let round = 0; round < 64; round++) {
      const signature = Buffer.from((await issueSample("access")).split(".")[2] ?? "", "base64url");
      expect(signature).toHaveLength(64);
      expect(BigInt(`0x${signature.toString("hex", 32)}`) <= half).toBe(true);
    }
  });

  it("have a JWKS with the public halves of all kept signing and proof keys, also those that are not active yet", async () => {
    const ring = createTestKeyring({ clock: { now: () => NOW } });
    const current = await ring.current("signing");
    const next = ring.add("signing", { activeFrom: NOW + 900_000 });
    const ofProofs = await ring.current("proof");
    const { keys } = await createTokens({ keyring: ring, issuer: ISSUER, audience: AUDIENCE }).jwks();
    expect(keys.map((jwk) => jwk.kid)).toStrictEqual([next.id, current.id, ofProofs.id]);
    for (const [index, key] of [next, current, ofProofs].entries()) {
      const der = { key: Buffer.from(key.material), format: "der", type: "pkcs8" } as const;
      const { kty, crv, x, y } = createPublicKey(createPrivateKey(der)).export({ format: "jwk" });
      expect(keys[index]).toStrictEqual({ kty, crv, x, y, kid: key.id, alg: "ES256", use: "sig" });
    }
  });
});

describe("tokens: faults", () => {
  it("reading and issuing reject with UnavailableError if the keyring is unavailable", async () => {
    const fail = () => Promise.reject(new UnavailableError("the database", { cause: undefined }));
    const down: Keyring = { current: fail, find: fail, all: fail };
    const broken = createTokens({ keyring: down, issuer: ISSUER, audience: AUDIENCE });
    const token = await issueSample("page");
    await expect(broken.read("page", token, NOW)).rejects.toThrow(UnavailableError);
    await expect(broken.issue("page", SAMPLES.page, TIMES)).rejects.toThrow(UnavailableError);
    await expect(broken.jwks()).rejects.toThrow(UnavailableError);
  });

  const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
  it.each([
    ["refresh", "empty", new Uint8Array(0)],
    ["refresh", "of 31 bytes", new Uint8Array(31)],
    ["flow", "of 16 bytes", new Uint8Array(16)],
    ["access", "of another curve", p384.export({ format: "der", type: "pkcs8" })],
    ["access", "of no form at all", new Uint8Array(32)],
  ] as const)("issuing a %s token with a key that is %s is refused (T26)", async (kind, _, material) => {
    const ring = createTestKeyring({ clock: { now: () => NOW } });
    ring.add(WIRE[kind].keyKind, { material });
    const own = createTokens({ keyring: ring, issuer: ISSUER, audience: AUDIENCE });
    await expect(own.issue(kind, SAMPLES[kind], TIMES)).rejects.toThrow();
    if (kind === "access") await expect(own.jwks()).rejects.toThrow();
  });

  it("issuing refuses a token that would not be read", async () => {
    const long = { pre: "p", state: "s".repeat(4096) };
    await expect(tokens.issue("flow", long, TIMES)).rejects.toThrow(RangeError);
    const extra = { ...SAMPLES.page, admin: true } as TokenClaims["page"];
    await expect(tokens.issue("page", extra, TIMES)).rejects.toThrow("admin");
  });
});
