import { createPrivateKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { TokenKind } from "../../../src/core/session/ports.ts";
import {
  compose,
  createBench,
  ecdsa,
  encode,
  ISSUER,
  type Json,
  KINDS,
  mac,
  mirrorS,
  NOW,
  type Part,
  payload,
  WIRE,
} from "./forge.ts";

const bench = createBench();
const SECONDS = NOW / 1000;

function without(object: Json, member: string): Json {
  const { [member]: _, ...rest } = object;
  return rest;
}

/** The text of the object with one member twice, the false one first. */
function saidTwice(object: Json, member: string, value: unknown): string {
  return `{${JSON.stringify(member)}:${JSON.stringify(value)},${JSON.stringify(object).slice(1)}`;
}

function flipCase(text: string): string {
  return text.replace(/[a-z]/gi, (letter) =>
    letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
  );
}

function grid<T>(cases: Readonly<Record<string, T>>): (readonly [TokenKind, string, T])[] {
  return KINDS.flatMap((kind) => Object.entries(cases).map(([name, value]) => [kind, name, value] as const));
}

it.each(KINDS)("the test's own %s token is accepted when nothing in it is wrong", async (kind) => {
  expect(await bench.readAll(await bench.forge(kind))).toStrictEqual([kind]);
});

describe("T29: headers, under the right key", () => {
  const headers: Record<string, (header: Json) => Part> = {
    "crit of b64": (header) => ({ ...header, b64: true, crit: ["b64"] }),
    "crit of b64=false": (header) => ({ ...header, b64: false, crit: ["b64"] }),
    "b64=false": (header) => ({ ...header, b64: false }),
    "b64=true": (header) => ({ ...header, b64: true }),
    "an empty crit": (header) => ({ ...header, crit: [] }),
    "crit of exp": (header) => ({ ...header, crit: ["exp"], exp: SECONDS + 60 }),
    "crit of typ": (header) => ({ ...header, crit: ["typ"] }),
    zip: (header) => ({ ...header, zip: "DEF" }),
    cty: (header) => ({ ...header, cty: "JWT" }),
    "another enc": (header) => ({ ...header, enc: "A128GCM" }),
    epk: (header) => ({ ...header, epk: {} }),
    "a member of its own": (header) => ({ ...header, x: 1 }),
    __proto__: (header) => `{"__proto__":{},${JSON.stringify(header).slice(1)}`,
    "no typ": (header) => without(header, "typ"),
    "no alg": (header) => without(header, "alg"),
    "typ JWT": (header) => ({ ...header, typ: "JWT" }),
    "typ in capitals": (header) => ({ ...header, typ: String(header.typ).toUpperCase() }),
    "typ as a media type": (header) => ({ ...header, typ: `application/${header.typ}` }),
    "typ in an array": (header) => ({ ...header, typ: [header.typ] }),
    "typ null": (header) => ({ ...header, typ: null }),
    "alg in the other case": (header) => ({ ...header, alg: flipCase(String(header.alg)) }),
    "alg HS512": (header) => ({ ...header, alg: "HS512" }),
    "alg A256GCMKW": (header) => ({ ...header, alg: "A256GCMKW" }),
    "alg twice": (header) => saidTwice(header, "alg", "none"),
    "kid twice": (header) => saidTwice(header, "kid", "other"),
    "typ twice": (header) => saidTwice(header, "typ", "JWT"),
    "alg twice, the same": (header) => saidTwice(header, "alg", header.alg),
    "an escaped name": (header) => JSON.stringify(header).replace('"alg"', '"\\u0061lg"'),
    "a space": (header) => JSON.stringify(header).replace(",", ", "),
    "a space behind": (header) => `${JSON.stringify(header)} `,
    "a byte order mark": (header) => `\ufeff${JSON.stringify(header)}`,
    "a NUL behind": (header) => `${JSON.stringify(header)}\0`,
    "text that is no JSON": () => "alg:ES256",
    nothing: () => "",
    null: () => "null",
    "an array": (header) => JSON.stringify([header]),
    "a string": (header) => JSON.stringify(JSON.stringify(header)),
    "bytes that are no UTF-8": () => Buffer.of(0x7b, 0xff, 0x7d),
  };

  it.each(grid(headers))("refuses %s with %s", async (kind, _, change) => {
    const token = await bench.forge(kind, { header: change(await bench.header(kind)) });
    expect(await bench.readAll(token)).toStrictEqual([]);
  });

  it.each(["access", "refresh"] as const)("refuses %s with an unencoded payload (RFC 7797)", async (kind) => {
    const header = { ...(await bench.header(kind)), b64: false, crit: ["b64"] };
    const { material } = await bench.keyring.current(WIRE[kind].keyKind);
    const key = createKey(kind, material);
    const text = JSON.stringify(payload(kind));
    const signature = key(Buffer.from(`${encode(header)}.${text}`)).toString("base64url");
    expect(await bench.readAll(`${encode(header)}.${text}.${signature}`)).toStrictEqual([]);
    expect(await bench.readAll(`${encode(header)}..${signature}`)).toStrictEqual([]);
    expect(await bench.readAll(`${encode(header)}.${encode(text)}.${signature}`)).toStrictEqual([]);
  });
});

function createKey(kind: "access" | "refresh", material: Uint8Array): (input: Buffer) => Buffer {
  if (kind === "refresh") return (input) => mac(material, input);
  const key = createPrivateKey({ key: Buffer.from(material), format: "der", type: "pkcs8" });
  return (input) => ecdsa(key, input);
}

/** The claims, each that names something with another value. */
function inPlace(claims: Json, value: Json[string]): Json {
  const change = ["sid", "pre", "jti", "sub", "verification"].filter((name) => name in claims);
  return { ...claims, ...Object.fromEntries(change.map((name) => [name, value])) };
}

describe("T29: claims, under the right key", () => {
  const replaced: Record<string, Json> = {
    "exp as a string": { exp: String(SECONDS + 60) },
    "exp as a fraction": { exp: SECONDS + 60.5 },
    "exp null": { exp: null },
    "exp in an array": { exp: [SECONDS + 60] },
    "exp true": { exp: true },
    "exp beyond exact integers": { exp: 2 ** 60 },
    "exp negative": { exp: -1 },
    "exp in the past": { exp: SECONDS - 1 },
    "exp now": { exp: SECONDS },
    "iat as a string": { iat: String(SECONDS) },
    "iat as a fraction": { iat: SECONDS + 0.5 },
    "iat null": { iat: null },
    "iat negative": { iat: -1 },
    "nbf in the future": { nbf: SECONDS + 3600 },
    "nbf in the past": { nbf: SECONDS - 3600 },
    "nbf as a string": { nbf: "0" },
    "another iss": { iss: "https://evil.example.com" },
    "iss with a slash": { iss: `${ISSUER}/` },
    "iss in an array": { iss: [ISSUER] },
    "an empty iss": { iss: "" },
    "another aud": { aud: "https://evil.example.com" },
    "an empty aud": { aud: "" },
    "an empty array as aud": { aud: [] },
    "aud null": { aud: null },
    "an unknown claim": { admin: true },
  };

  it.each(grid(replaced))("refuses %s with %s", async (kind, _, change) => {
    const token = await bench.forge(kind, { payload: { ...payload(kind), ...change } });
    expect(await bench.readAll(token)).toStrictEqual([]);
  });

  const rewritten: Record<string, (claims: Json, kind: TokenKind) => Part> = {
    "no exp": (claims) => without(claims, "exp"),
    "no iat": (claims) => without(claims, "iat"),
    "a number in place of a claim": (claims) => inPlace(claims, 1),
    "an object in place of a claim": (claims) => inPlace(claims, {}),
    "an empty claim": (claims) => inPlace(claims, ""),
    "no iss": (claims) => without(claims, "iss"),
    "no aud": (claims) => without(claims, "aud"),
    "aud in an array": (claims, kind) => ({ ...claims, aud: [WIRE[kind].aud] }),
    "aud among others": (claims, kind) => ({ ...claims, aud: [WIRE[kind].aud, "other"] }),
    "none of its own claims": ({ iss, aud, iat, exp }) => ({ iss, aud, iat, exp }),
    "exp twice": (claims) => saidTwice(claims, "exp", SECONDS + 1e6),
    "aud twice": (claims) => saidTwice(claims, "aud", "other"),
    "exp as 1e12": (claims) => JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e12'),
    "exp as n.0": (claims) => JSON.stringify(claims).replace(/("exp":\d+)/, "$1.0"),
    __proto__: (claims) => `{"__proto__":{"admin":true},${JSON.stringify(claims).slice(1)}`,
    "a space": (claims) => `${JSON.stringify(claims)} `,
    "an array": (claims) => JSON.stringify([claims]),
    null: () => "null",
    "a string": () => '"claims"',
    "a number": () => "1",
    nothing: () => "",
    "text that is no JSON": () => "foo",
    "bytes that are no UTF-8": (claims) =>
      Buffer.from(JSON.stringify(claims).replace("-1", "\xff"), "latin1"),
  };

  it.each(grid(rewritten))("refuses %s with %s", async (kind, _, change) => {
    const token = await bench.forge(kind, { payload: change(payload(kind), kind) });
    expect(await bench.readAll(token)).toStrictEqual([]);
  });
});

describe("T29: one token, one spelling", () => {
  const respelled: Record<string, (token: string) => string> = {
    "padding after it": (token) => `${token}=`,
    "double padding after it": (token) => `${token}==`,
    "padding in the header": (token) => token.replace(".", "=."),
    "padding in the middle": (token) => token.replaceAll(".", "=."),
    "a space after it": (token) => `${token} `,
    "a space before it": (token) => ` ${token}`,
    "a newline after it": (token) => `${token}\n`,
    "a newline within": (token) => `${token.slice(0, 30)}\n${token.slice(30)}`,
    "a NUL after it": (token) => `${token}\0`,
    "a dot after it": (token) => `${token}.`,
    "a dot before it": (token) => `.${token}`,
    "a further part": (token) => `${token}.AAAA`,
    "a part too few": (token) => token.slice(token.indexOf(".") + 1),
    "Bearer before it": (token) => `Bearer ${token}`,
    "percent encoding": (token) => token.replace(".", "%2E"),
    "full width dots": (token) => token.replaceAll(".", "．"),
    "quotes around it": (token) => `"${token}"`,
    "a longer signature": (token) => `${token}AAAA`,
    "a shorter signature": (token) => token.slice(0, -4),
    "a character outside the alphabet": (token) => `${token.slice(0, -9)}*${token.slice(-9)}`,
    "itself twice": (token) => `${token}${token}`,
    "JSON serialisation": (token) => {
      const [head, body, signature] = token.split(".");
      return JSON.stringify({ protected: head, payload: body, signature });
    },
  };
  it.each(grid(respelled))("refuses %s with %s", async (kind, _, respell) => {
    expect(await bench.readAll(respell(await bench.forge(kind)))).toStrictEqual([]);
  });

  it.each(KINDS)("refuses %s with other unused bits in its last character", async (kind) => {
    const token = await bench.forge(kind);
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const stray = alphabet[alphabet.indexOf(token.slice(-1)) + 1];
    const respelled = token.slice(0, -1) + stray;
    const bytes = (text: string) => Buffer.from(text.slice(text.lastIndexOf(".") + 1), "base64url");
    expect(bytes(respelled)).toStrictEqual(bytes(token));
    expect(await bench.readAll(respelled)).toStrictEqual([]);
  });

  it.each(KINDS)("refuses %s in the standard base64 alphabet", async (kind) => {
    // HMAC tokens are the same each time: another expiry gives another signature, until one has a character to respell.
    for (let exp = SECONDS + 60; ; exp++) {
      const token = await bench.forge(kind, { payload: { ...payload(kind), exp } });
      const respelled = token.replaceAll("-", "+").replaceAll("_", "/");
      if (respelled === token) continue;
      expect(await bench.readAll(token)).toStrictEqual([kind]);
      expect(await bench.readAll(respelled)).toStrictEqual([]);
      break;
    }
  });

  it("refuses access with the high S of the two that verify", async () => {
    const token = await bench.forge("access");
    const start = token.lastIndexOf(".") + 1;
    const mirrored = mirrorS(Buffer.from(token.slice(start), "base64url"));
    expect(await bench.readAll(token.slice(0, start) + encode(mirrored))).toStrictEqual([]);
    expect(await bench.readAll(token.slice(0, start) + encode(mirrorS(mirrored)))).toStrictEqual(["access"]);
  });

  it("refuses access with its signature in DER", async () => {
    const { material } = await bench.keyring.current("signing");
    const key = createPrivateKey({ key: Buffer.from(material), format: "der", type: "pkcs8" });
    const token = compose(await bench.header("access"), payload("access"), (input) => {
      const signature = ecdsa(key, input);
      const scalar = (bytes: Buffer) => Buffer.concat([Buffer.of(2, 33, 0), bytes]);
      const body = Buffer.concat([scalar(signature.subarray(0, 32)), scalar(signature.subarray(32))]);
      return Buffer.concat([Buffer.of(0x30, body.length), body]);
    });
    expect(await bench.readAll(token)).toStrictEqual([]);
  });

  it("refuses a token that is longer than 4096 characters, though everything in it is valid", async () => {
    const ofLength = (length: number) =>
      bench.forge("flow", { payload: { ...payload("flow"), state: "s".repeat(length) } });
    const fitting = await ofLength(2700);
    expect(fitting.length).toBeLessThanOrEqual(4096);
    expect(await bench.readAll(fitting)).toStrictEqual(["flow"]);
    const long = await ofLength(3000);
    expect(long.length).toBeGreaterThan(4096);
    expect(await bench.readAll(long)).toStrictEqual([]);
  });
});

describe.each(["flow", "handover", "link"] as const)("T29: an encrypted %s token", (kind) => {
  const moved: Record<string, (parts: Buffer[]) => readonly Buffer[]> = {
    "a byte of the text moved to the tag": ([head, key, iv, text, tag]) => [
      head!,
      key!,
      iv!,
      text!.subarray(0, -1),
      Buffer.concat([text!.subarray(-1), tag!]),
    ],
    "a byte of the tag moved to the text": ([head, key, iv, text, tag]) => [
      head!,
      key!,
      iv!,
      Buffer.concat([text!, tag!.subarray(0, 1)]),
      tag!.subarray(1),
    ],
    "a tag of 12 bytes": ([head, key, iv, text, tag]) => [head!, key!, iv!, text!, tag!.subarray(0, 12)],
    "an encrypted key": ([head, , iv, text, tag]) => [head!, Buffer.alloc(32), iv!, text!, tag!],
    "an iv of 16 bytes": ([head, key, , text, tag]) => [head!, key!, Buffer.alloc(16), text!, tag!],
    "no iv": ([head, key, , text, tag]) => [head!, key!, Buffer.alloc(0), text!, tag!],
    "no text": ([head, key, iv, , tag]) => [head!, key!, iv!, Buffer.alloc(0), tag!],
  };
  it.each(Object.entries(moved))("is refused with %s", async (_, move) => {
    const parts = (await bench.forge(kind)).split(".").map((part) => Buffer.from(part, "base64url"));
    expect(await bench.readAll(parts.map(encode).join("."))).toStrictEqual([kind]);
    expect(await bench.readAll(move(parts).map(encode).join("."))).toStrictEqual([]);
  });
});
