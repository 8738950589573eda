import type { KeyObject } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { CompactEncrypt, compactDecrypt, errors } from "jose";
import { sign, verify } from "./signature.ts";

/** What a protected header says, `kid` aside: these members with these values and no other (RFC 8725, section 3.1). */
export type HeaderProfile =
  | { readonly alg: "ES256" | "HS256"; readonly typ?: string }
  | { readonly alg: "dir"; readonly enc: "A256GCM"; readonly typ?: string };

/** In characters. A longer token is refused before anything of it is decoded. */
export const MAX_TOKEN_LENGTH = 4096;

const KEY_ID = /^[\w-]{1,64}$/;

/** The payload signed, or encrypted where the profile is `dir`, in compact serialisation (RFC 7515, RFC 7516). */
export async function writeCompact(
  payload: string,
  profile: HeaderProfile,
  kid: string,
  key: KeyObject,
): Promise<string> {
  if (profile.alg === "dir") {
    return new CompactEncrypt(Buffer.from(payload)).setProtectedHeader({ ...profile, kid }).encrypt(key);
  }
  const { alg, typ } = profile;
  const text = `${segmentOf(JSON.stringify({ alg, typ, kid }))}.${segmentOf(payload)}`;
  return `${text}.${sign(alg, text, key)}`;
}

/**
 * The payload of a token in compact serialisation, after its signature or tag was verified with the key that `findKey`
 * has for its `kid`. Undefined for everything else: a different or an additional header member, a second spelling of
 * the same token, an ES256 signature with high S, an unknown key. Rejects only if `findKey` does.
 */
export async function readCompact(
  token: string,
  profile: HeaderProfile,
  findKey: (kid: string) => Promise<KeyObject | undefined>,
): Promise<Uint8Array | undefined> {
  const segments = splitCanonical(token);
  const kid = segments && readKeyId(segments[0] ?? "", profile);
  if (!segments || !kid) return undefined;
  const key = await findKey(kid);
  if (!key) return undefined;
  if (profile.alg === "dir") return await open(token, profile, key);
  const [header, payload = "", signature = "", ...more] = segments;
  const isGood = more.length === 0 && verify(profile.alg, `${header}.${payload}`, key, bytesOf(signature));
  return isGood ? bytesOf(payload) : undefined;
}

function segmentOf(text: string): string {
  return Buffer.from(text).toString("base64url");
}

function bytesOf(segment: string): Buffer {
  return Buffer.from(segment, "base64url");
}

/** The JSON value in these bytes, if they are exactly what `JSON.stringify` writes for it. */
export function parseCanonicalJson(bytes: Uint8Array): unknown {
  const value = parseJson(Buffer.from(bytes).toString());
  // Of several equal members JSON.parse keeps the last. Writing the value again drops the others, and spaces, escapes
  // and `1.0`.
  return value !== undefined && Buffer.from(JSON.stringify(value)).equals(bytes) ? value : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function splitCanonical(token: string): readonly string[] | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  const segments = token.split(".");
  return segments.every(isCanonicalBase64url) ? segments : undefined;
}

// Decoders ignore padding, spaces and stray bits. So they would accept many strings for the same token (T29).
function isCanonicalBase64url(segment: string): boolean {
  return Buffer.from(segment, "base64url").toString("base64url") === segment;
}

function readKeyId(segment: string, profile: HeaderProfile): string | undefined {
  const header = parseCanonicalJson(bytesOf(segment));
  const kid = isRecord(header) ? header.kid : undefined;
  if (typeof kid !== "string" || !KEY_ID.test(kid)) return undefined;
  return isDeepStrictEqual(header, { ...profile, kid }) ? kid : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

async function open(
  token: string,
  { alg, enc }: Extract<HeaderProfile, { alg: "dir" }>,
  key: KeyObject,
): Promise<Uint8Array | undefined> {
  const options = { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc] };
  try {
    return (await compactDecrypt(token, key, options)).plaintext;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
