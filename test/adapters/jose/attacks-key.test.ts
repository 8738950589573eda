import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TokenKind } from "../../../src/core/session/ports.ts";
import { compose, createBench, ecdsa, encode, type Json, KINDS, mac, NOW, payload, pkcs8 } from "./forge.ts";

const bench = createBench();
const { tokens, keyring } = bench;

async function signingKey() {
  const { id, material } = await keyring.current("signing");
  const privateKey = pkcs8(material);
  return { id, privateKey, publicKey: createPublicKey(privateKey) };
}

describe("T26: no algorithm, no signature", () => {
  const spellings = [
    "none",
    "None",
    "NONE",
    "nOnE",
    "NoNe",
    "none ",
    "",
    null,
    0,
    ["none"],
    ["ES256"],
    { alg: "none" },
  ];

  it.each(KINDS.flatMap((kind) => spellings.map((alg) => [kind, alg] as const)))(
    "refuses %s with alg %j",
    async (kind, alg) => {
      const right = await bench.header(kind);
      const header = { ...right, alg };
      const unsigned = `${encode(header)}.${encode(payload(kind))}.`;
      const signature = (await bench.forge(kind)).split(".").at(-1);
      const candidates = [
        unsigned,
        unsigned.slice(0, -1),
        `${unsigned}${signature}`,
        `${encode({ alg, typ: right.typ })}.${encode(payload(kind))}.`,
        await bench.forge(kind, { header }),
      ];
      for (const token of candidates) expect(await bench.readAll(token)).toStrictEqual([]);
    },
  );

  it.each(KINDS)("refuses %s with an empty signature or tag", async (kind) => {
    const token = await bench.forge(kind);
    const cut = token.slice(0, token.lastIndexOf("."));
    expect(await bench.readAll(token)).toStrictEqual([kind]);
    for (const candidate of [
      `${cut}.`,
      cut,
      `${cut}.AA`,
      `${cut}.${"A".repeat(86)}`,
      `${cut}.${"A".repeat(43)}`,
    ]) {
      expect(await bench.readAll(candidate)).toStrictEqual([]);
    }
  });

  it("refuses access with zero, one and the curve's order for r and s", async () => {
    const order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    const scalars = ["0".repeat(64), "1".padStart(64, "0"), order];
    for (const r of scalars) {
      for (const s of scalars) {
        const token = compose(await bench.header("access"), payload("access"), () =>
          Buffer.from(r + s, "hex"),
        );
        expect(await bench.readAll(token)).toStrictEqual([]);
      }
    }
  });
});

describe("T27: the key of another algorithm, a key of the caller's own", () => {
  const forms = [
    "pem",
    "pem without its last newline",
    "der",
    "jwk",
    "jwk members only",
    "jwks",
    "point",
    "x",
    "kid",
    "",
  ];

  async function publicForm(form: string): Promise<Buffer> {
    const { id, publicKey } = await signingKey();
    const { kty, crv, x = "", y = "" } = publicKey.export({ format: "jwk" });
    const pem = publicKey.export({ format: "pem", type: "spki" }).toString();
    const set = await tokens.jwks();
    const point = Buffer.concat([Buffer.of(4), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
    const der = publicKey.export({ format: "der", type: "spki" });
    const texts: Record<string, string | Buffer> = {
      pem,
      "pem without its last newline": pem.trim(),
      der,
      jwk: JSON.stringify(set.keys[0]),
      "jwk members only": JSON.stringify({ kty, crv, x, y }),
      jwks: JSON.stringify(set),
      point,
      x: point.subarray(1, 33),
      kid: id,
    };
    return Buffer.from(texts[form] ?? "");
  }

  const macs = forms.flatMap((form) =>
    ["HS256", "HS384", "HS512", "ES256", "RS256"].map((alg) => [alg, form] as const),
  );
  it.each(macs)("refuses an HMAC under %s with the public key as %s", async (alg, form) => {
    const key = await publicForm(form);
    for (const kind of KINDS) {
      for (const base of ["access", kind] as const) {
        const header = { ...(await bench.header(base)), alg };
        const hash = `sha${/\d+/.exec(alg)?.[0]}`;
        const token = compose(header, payload(kind), (input) => mac(key, input, hash));
        expect(await bench.readAll(token)).toStrictEqual([]);
      }
    }
  });

  const pairs = {
    RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
    ES384: generateKeyPairSync("ec", { namedCurve: "P-384" }),
    ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
    EdDSA: generateKeyPairSync("ed25519"),
  };
  it.each(Object.entries(pairs))(
    "refuses a signature of %s with the caller's own key",
    async (alg, { privateKey }) => {
      for (const named of [alg, "ES256"]) {
        const header = { ...(await bench.header("access")), alg: named };
        const hash = alg === "EdDSA" ? null : alg === "ES384" ? "sha384" : "sha256";
        const signer = (input: Buffer) =>
          alg === "ES256"
            ? ecdsa(privateKey, input)
            : sign(hash, input, { key: privateKey, dsaEncoding: "ieee-p1363" });
        expect(await bench.readAll(compose(header, payload("access"), signer))).toStrictEqual([]);
      }
    },
  );
});

describe("T27: a header that brings or points to a key", () => {
  const attacker = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = { ...attacker.publicKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: "evil" };
  let requests = 0;
  let canary: Server;
  let url = "";

  beforeAll(async () => {
    canary = createServer((_, response) => {
      requests++;
      response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: [jwk] }));
    });
    canary.on("connection", () => requests++);
    await new Promise<void>((resolve) => canary.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(canary.address() as AddressInfo).port}/jwks.json`;
  });
  afterAll(() => new Promise((resolve) => canary.close(resolve)));

  const members: Record<string, () => Json> = {
    jwk: () => ({ jwk }),
    jku: () => ({ jku: url }),
    x5u: () => ({ x5u: url }),
    x5c: () => ({ x5c: [attacker.publicKey.export({ format: "der", type: "spki" }).toString("base64")] }),
    x5t: () => ({ x5t: "AAAA" }),
    "x5t#S256": () => ({ "x5t#S256": "AAAA" }),
    "kid as the address": () => ({ kid: url }),
    "all of them": () => ({ jwk, jku: url, x5u: url, kid: "evil" }),
  };

  it.each(Object.keys(members))("%s is refused and followed nowhere", async (name) => {
    for (const kind of KINDS) {
      for (const kid of [(await bench.header(kind)).kid, "evil"]) {
        const header = { ...(await bench.header(kind)), kid, ...members[name]?.() };
        const byAttacker = compose({ ...header, alg: "ES256" }, payload(kind), (input) =>
          ecdsa(attacker.privateKey, input),
        );
        expect(await bench.readAll(byAttacker)).toStrictEqual([]);
        expect(await bench.readAll(await bench.forge(kind, { header }))).toStrictEqual([]);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(requests).toBe(0);
  });

  it("the canary server counts a request that is made", async () => {
    await (await fetch(url)).text();
    expect(requests).toBeGreaterThan(0);
  });
});

describe("T28: kid", () => {
  const ids: Record<string, unknown> = {
    "a path": "../../dev/null",
    "an absolute path": "/etc/passwd",
    "SQL that unites": "x' UNION SELECT 'AAAA' --",
    "SQL that is true": "' OR '1'='1",
    "a command": "key|sleep 10",
    "an array": ["a"],
    "an object": { $ne: null },
    "a number": 1,
    true: true,
    null: null,
    empty: "",
    "10 KB": "k".repeat(10_240),
    "65 characters": "k".repeat(65),
    "3 KB": "k".repeat(3000),
    "a NUL": "k\u0000",
    "a newline": "k\n",
    "beyond ASCII": "ключ",
    "full width": "ｋ",
    "a dot": "a.b",
  };

  it.each(Object.entries(ids))("that is %s never reaches the keyring", async (_, kid) => {
    for (const kind of KINDS) {
      bench.asked.length = 0;
      expect(
        await bench.readAll(await bench.forge(kind, { header: { ...(await bench.header(kind)), kid } })),
      ).toStrictEqual([]);
      expect(bench.asked).toStrictEqual([]);
    }
  });

  it.each(["unknown", "__proto__", "constructor", "toString", "0", "undefined", "null"])(
    "that is %s is looked up once and not found",
    async (kid) => {
      for (const kind of KINDS) {
        const token = await bench.forge(kind, { header: { ...(await bench.header(kind)), kid } });
        bench.asked.length = 0;
        expect(await tokens.read(kind, token, NOW)).toBeUndefined();
        expect(bench.asked).toStrictEqual([kid]);
      }
    },
  );

  it.each(KINDS)("that is missing in a token of kind %s is refused without a look-up", async (kind) => {
    const { kid: _, ...header } = await bench.header(kind);
    bench.asked.length = 0;
    expect(await bench.readAll(await bench.forge(kind, { header }))).toStrictEqual([]);
    expect(bench.asked).toStrictEqual([]);
  });
});

describe("T29: claims with unknown values, under the right key", () => {
  it.each<[TokenKind, string, Json]>([
    ["access", "an unknown acr", { acr: "3" }],
    ["access", "no amr", { amr: [] }],
    ["access", "an unknown amr", { amr: ["face"] }],
    ["access", "test: false", { test: false }],
    ["handover", "no amr", { amr: [] }],
    ["second_factor", "an unknown first factor", { first: "face" }],
    ["proof", "an invalid client and audience", { client: "a b", aud: "a b" }],
    ["link", "an invalid client", { client: "a b" }],
  ])("refuses %s with %s", async (kind, _, change) => {
    const token = await bench.forge(kind, { payload: { ...payload(kind), ...change } });
    expect(await bench.readAll(token)).toStrictEqual([]);
  });
});
