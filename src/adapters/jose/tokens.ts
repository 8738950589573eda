import { z } from "zod";
import type { Key, KeyKind, Keyring } from "../../core/keys.ts";
import type { TokenClaims, TokenKind, Tokens } from "../../core/session/ports.ts";
import { MAX_TOKEN_LENGTH, parseCanonicalJson, readCompact, writeCompact } from "./compact.ts";
import { importKey, publicJwk } from "./keys.ts";
import { createProfiles, type Profile } from "./profiles.ts";
import { createRecent } from "./recent.ts";

export interface TokensDeps {
  readonly keyring: Keyring;
  /** The `iss` of every token; a token of another issuer is refused. */
  readonly issuer: string;
  /** The `aud` of access tokens. */
  readonly audience: string;
}

/** Access tokens that are known to be genuine: an app shows the same one for a quarter of an hour. */
const MOST_RECENT = 1_000;

const seconds = z.int().nonnegative();

/** What every kind of token says besides its own claims. Times in seconds since the epoch (RFC 7519, section 4.1). */
const envelopeSchema = z.looseObject({ iss: z.string(), aud: z.string(), iat: seconds, exp: seconds });

/**
 * Tokens as JWTs under a stricter profile than RFC 8725 asks for: one algorithm a kind, no header member beyond `alg`,
 * `enc`, `typ` and `kid`, exact claims, one spelling of each token, no leeway. `kid` is looked up only in the keyring.
 * `issue` rejects if the key that it is told to use is gone, or if the token would be longer than `read` accepts (4096
 * characters).
 */
export function createTokens({ keyring, issuer, audience }: TokensDeps): Tokens {
  const profiles = createProfiles(audience);

  async function readingKey(kind: KeyKind, kid: string) {
    const key = await keyring.find(kind, kid);
    return key && importKey(key).reading;
  }

  async function readToken<K extends TokenKind>(kind: K, token: string): Promise<Found<K> | undefined> {
    const profile: Profile<K> = profiles[kind];
    let keyId = "";
    const payload = await readCompact(token, profile.header, (kid) => {
      keyId = kid;
      return readingKey(profile.keyKind, kid);
    });
    return payload && readClaims(profile, payload, { issuer, keyId });
  }

  const recent = createRecent<Found<"access">>(MOST_RECENT);

  /**
   * Verifying a signature takes as long as most of the rest of a request, so a known token skips it. Its key still has
   * to exist.
   */
  async function readAccess(token: string): Promise<Found<"access"> | undefined> {
    const known = recent.get(token);
    if (known) return (await keyring.find("signing", known.keyId)) && known;
    const found = await readToken("access", token);
    if (found) recent.add(token, found);
    return found;
  }

  return {
    async issue(kind, claims, times, keyId) {
      const profile = profiles[kind];
      const key = await makingKey(keyring, profile.keyKind, keyId);
      const envelope = {
        iss: issuer,
        aud: profile.audience(claims),
        iat: Math.floor(times.issuedAt / 1000),
        exp: Math.floor(times.expiresAt / 1000),
        ...(profile.clientId && { client_id: profile.clientId }),
      };
      // Parsing puts the claims into the profile's order, so equal claims give equal bytes.
      const payload = JSON.stringify(Object.assign(envelope, profile.claims.parse(claims)));
      const token = await writeCompact(payload, profile.header, key.id, importKey(key).making);
      if (token.length > MAX_TOKEN_LENGTH) throw new RangeError(`the ${kind} token is too long to be read`);
      return token;
    },

    async read(kind, token, now) {
      const found = kind === "access" ? await readAccess(token) : await readToken(kind, token);
      return found && found.expiresAt > now ? (found as Found<typeof kind>).claims : undefined;
    },

    async readExpired(kind, token) {
      const found = await readToken(kind, token);
      return found && { claims: found.claims, expiresAt: found.expiresAt };
    },

    async jwks() {
      const keys = await Promise.all([keyring.all("signing"), keyring.all("proof")]);
      return { keys: keys.flat().map(publicJwk) };
    },
  };
}

async function makingKey(keyring: Keyring, kind: KeyKind, keyId: string | undefined): Promise<Key> {
  if (keyId === undefined) return keyring.current(kind);
  const key = await keyring.find(kind, keyId);
  if (!key) throw new Error(`the ${kind} key that a token was to be made with is no longer kept`);
  return key;
}

interface Found<K extends TokenKind> {
  readonly claims: TokenClaims[K];
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  readonly keyId: string;
}

function readClaims<K extends TokenKind>(
  profile: Profile<K>,
  payload: Uint8Array,
  { issuer, keyId }: { readonly issuer: string; readonly keyId: string },
): Found<K> | undefined {
  const parsed = envelopeSchema.safeParse(parseCanonicalJson(payload));
  if (!parsed.success) return undefined;
  const { iss, aud, iat: _, exp, client_id = profile.clientId, ...own } = parsed.data;
  if (iss !== issuer || client_id !== profile.clientId) return undefined;
  const claims = profile.claims.safeParse(own).data;
  return claims && aud === profile.audience(claims) ? { claims, expiresAt: exp * 1000, keyId } : undefined;
}
