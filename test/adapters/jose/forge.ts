import { createCipheriv, createHmac, createPrivateKey, type KeyObject, randomBytes, sign } from "node:crypto";
import { createTokens } from "../../../src/adapters/jose/tokens.ts";
import type { KeyKind } from "../../../src/core/keys.ts";
import type { TokenClaims, TokenKind } from "../../../src/core/session/ports.ts";
import { createTestKeyring } from "../../support/keyring.ts";

/** Builds tokens by hand on node:crypto, sharing nothing with the tested code, so that each rule can be broken by itself. */

export const ISSUER = "https://id.example.com";
export const AUDIENCE = "https://api.example.com";
export const NOW = 1_800_000_000_000;
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

export const SAMPLES: { readonly [K in TokenKind]: TokenClaims[K] } = {
  access: {
    sub: "user-1",
    sid: "session-1",
    jti: "token-1",
    acr: "2",
    amr: ["sms", "otp", "mfa"],
    auth_time: 1_799_999_000,
  },
  refresh: { sid: "session-1", gen: 7 },
  device: { sub: "user-1", did: "device-1", epoch: 2 },
  page: { sid: "session-1", gen: 1, form: "form-1" },
  flow: { pre: "pre-1", returnTo: "https://app.example.com/back?a=1", state: "é世" },
  handover: {
    jti: "handover-1",
    sub: "user-1",
    sid: "session-1",
    epoch: 2,
    challenge: "abc",
    created: true,
    amr: ["sms"],
    authTime: 1_799_999_000_000,
  },
  proof: {
    client: "shop",
    jti: "proof-1",
    verification: "verification-1",
    purpose: "verify_identity",
    phone: "+8613800138000",
    reference: "王-4711",
  },
  link: {
    verification: "verification-1",
    client: "shop",
    returnTo: "https://shop.example.com/back",
    state: "s-1",
  },
  second_factor: { sid: "session-1", sub: "user-1", first: "sms", epoch: 2, did: "device-1" },
  functions: {
    phone: "13800138000",
    userId: "user-1",
    name: "\u738b \u{1F600}",
    avatar: "https://id.example.com/avatars/3.svg",
    sid: "session-1",
  },
};
export const KINDS = Object.keys(SAMPLES) as TokenKind[];
export const TIMES = { issuedAt: NOW, expiresAt: NOW + 60_000 };

/** The wire format of each kind, written down a second time. */
export const WIRE = {
  access: { alg: "ES256", typ: "at+jwt", aud: AUDIENCE, keyKind: "signing" },
  refresh: { alg: "HS256", typ: "rt+jwt", aud: "urn:phonekey:refresh", keyKind: "refresh" },
  device: { alg: "HS256", typ: "device+jwt", aud: "urn:phonekey:device", keyKind: "device" },
  page: { alg: "HS256", typ: "page+jwt", aud: "urn:phonekey:page", keyKind: "page" },
  flow: { alg: "dir", enc: "A256GCM", typ: "flow+jwt", aud: "urn:phonekey:flow", keyKind: "flow" },
  handover: {
    alg: "dir",
    enc: "A256GCM",
    typ: "handover+jwt",
    aud: "urn:phonekey:handover",
    keyKind: "handover",
  },
  proof: { alg: "ES256", typ: "proof+jwt", aud: "shop", keyKind: "proof" },
  link: { alg: "dir", enc: "A256GCM", typ: "link+jwt", aud: "urn:phonekey:link", keyKind: "link" },
  second_factor: {
    alg: "HS256",
    typ: "second-factor+jwt",
    aud: "urn:phonekey:second-factor",
    keyKind: "second",
  },
  functions: {
    alg: "HS256",
    typ: "functions+jwt",
    aud: "urn:phonekey:functions",
    keyKind: "functions",
  },
} as const satisfies Record<
  TokenKind,
  { alg: string; keyKind: KeyKind; typ: string; aud: string; enc?: string }
>;

export type Json = Readonly<Record<string, unknown>>;
export type Part = Json | string | Buffer;

/** A set of tokens with its keyring, and a forger that holds the same keys. */
export function createBench() {
  const keyring = createTestKeyring({ clock: { now: () => NOW } });
  const asked: string[] = [];
  const watched = {
    ...keyring,
    find: (kind: KeyKind, id: string) => {
      asked.push(id);
      return keyring.find(kind, id);
    },
  };
  const tokens = createTokens({ keyring: watched, issuer: ISSUER, audience: AUDIENCE });

  async function header(kind: TokenKind): Promise<Json> {
    const { aud: _, keyKind, ...rest } = WIRE[kind];
    return { ...rest, kid: (await keyring.current(keyKind)).id };
  }
  /** A token of this kind, its parts replaced by those given, made with the right key of the kind. */
  async function forge(kind: TokenKind, parts: { header?: Part; payload?: Part } = {}): Promise<string> {
    const { material } = await keyring.current(WIRE[kind].keyKind);
    const head = parts.header ?? (await header(kind));
    const body = parts.payload ?? payload(kind);
    if (WIRE[kind].alg === "dir") return encrypt(head, body, material);
    const key = WIRE[kind].alg === "HS256" ? material : pkcs8(material);
    return compose(head, body, (input) => (key instanceof Uint8Array ? mac(key, input) : ecdsa(key, input)));
  }
  async function readAll(token: string): Promise<readonly TokenKind[]> {
    const read = await Promise.all(KINDS.map((kind) => tokens.read(kind, token, NOW)));
    return KINDS.filter((_, index) => read[index] !== undefined);
  }
  return { keyring, tokens, asked, header, forge, readAll };
}

export function payload(kind: TokenKind): Json {
  const seconds = NOW / 1000;
  return { iss: ISSUER, aud: WIRE[kind].aud, iat: seconds, exp: seconds + 60, ...SAMPLES[kind] };
}

export function compose(head: Part, body: Part, signer: (input: Buffer) => Buffer): string {
  const input = `${encode(head)}.${encode(body)}`;
  return `${input}.${signer(Buffer.from(input)).toString("base64url")}`;
}

export function encode(part: Part): string {
  if (Buffer.isBuffer(part)) return part.toString("base64url");
  return Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
}

export function mac(key: Uint8Array | string, input: Buffer, hash = "sha256"): Buffer {
  return createHmac(hash, key).update(input).digest();
}

/** ES256, repeated until s is low. */
export function ecdsa(key: KeyObject, input: Buffer): Buffer {
  for (;;) {
    const signature = sign("sha256", input, { key, dsaEncoding: "ieee-p1363" });
    if (BigInt(`0x${signature.toString("hex", 32)}`) <= ORDER / 2n) return signature;
  }
}

/** The other valid signature: (r, n-s). */
export function mirrorS(signature: Buffer): Buffer {
  const s = ORDER - BigInt(`0x${signature.toString("hex", 32)}`);
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, "0"), "hex")]);
}

export function pkcs8(material: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(material), format: "der", type: "pkcs8" });
}

function encrypt(head: Part, body: Part, key: Uint8Array): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(encode(head)));
  const plaintext = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return [encode(head), "", encode(iv), encode(sealed), encode(cipher.getAuthTag())].join(".");
}
