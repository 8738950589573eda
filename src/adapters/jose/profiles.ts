import { z } from "zod";
import { BACKEND_NAME } from "../../core/backend/api-key.ts";
import type { KeyKind } from "../../core/keys.ts";
import { METHODS } from "../../core/session/methods.ts";
import type { TokenClaims, TokenKind } from "../../core/session/ports.ts";
import { PURPOSES } from "../../core/verification/purpose.ts";
import type { HeaderProfile } from "./compact.ts";

/**
 * Everything that distinguishes one kind of token from the others. No two kinds share a `typ`, an audience or a kind of
 * key (promise 10).
 */
export interface Profile<K extends TokenKind> {
  readonly header: HeaderProfile;
  readonly keyKind: KeyKind;
  readonly audience: (claims: TokenClaims[K]) => string;
  /** Written as `client_id`, which readers of RFC 9068 ask for. Tokens of an earlier version lack it. */
  readonly clientId?: string;
  /** The claims of this kind, in the order in which they are written; no others. */
  readonly claims: z.ZodType<TokenClaims[K]>;
}

const id = z.string().min(1);
const count = z.int().nonnegative();
const methods = z.array(z.enum(METHODS)).min(1);

const accessClaims = z.strictObject({
  sub: id,
  sid: id,
  jti: id,
  test: z.exactOptional(z.literal(true)),
  acr: z.enum(["1", "2"]),
  amr: z.array(z.enum([...METHODS, "mfa"])).min(1),
  auth_time: count,
});

const secondFactorClaims = z.strictObject({
  sid: id,
  sub: id,
  first: z.enum(METHODS),
  epoch: count,
  did: z.exactOptional(id),
  browser: z.exactOptional(id),
  mustSetPassword: z.exactOptional(z.literal(true)),
  testUntil: z.exactOptional(count),
});

/** How tokens are made that are for Phonekey itself or, in the case of proofs, for the backend that asked. */
const OWN_PROFILES: { readonly [K in Exclude<TokenKind, "access">]: Profile<K> } = {
  refresh: {
    header: { alg: "HS256", typ: "rt+jwt" },
    keyKind: "refresh",
    audience: () => "urn:phonekey:refresh",
    claims: z.strictObject({ sid: id, gen: count }),
  },
  device: {
    header: { alg: "HS256", typ: "device+jwt" },
    keyKind: "device",
    audience: () => "urn:phonekey:device",
    claims: z.strictObject({ sub: id, did: id, epoch: count }),
  },
  page: {
    header: { alg: "HS256", typ: "page+jwt" },
    keyKind: "page",
    audience: () => "urn:phonekey:page",
    claims: z.strictObject({ sid: id, gen: z.exactOptional(count), form: z.exactOptional(id) }),
  },
  flow: {
    header: { alg: "dir", enc: "A256GCM", typ: "flow+jwt" },
    keyKind: "flow",
    audience: () => "urn:phonekey:flow",
    claims: z.strictObject({
      pre: id,
      verification: z.exactOptional(id),
      code: z.exactOptional(z.string()),
      returnTo: z.exactOptional(z.string()),
      state: z.exactOptional(z.string()),
      challenge: z.exactOptional(z.string()),
      created: z.exactOptional(z.literal(true)),
    }),
  },
  handover: {
    header: { alg: "dir", enc: "A256GCM", typ: "handover+jwt" },
    keyKind: "handover",
    audience: () => "urn:phonekey:handover",
    claims: z.strictObject({
      jti: id,
      sub: id,
      sid: id,
      epoch: count,
      challenge: z.string(),
      created: z.boolean(),
      amr: methods,
      authTime: count,
      openedAt: z.exactOptional(count),
      testUntil: z.exactOptional(count),
      mustSetPassword: z.exactOptional(z.literal(true)),
    }),
  },
  second_factor: {
    header: { alg: "HS256", typ: "second-factor+jwt" },
    keyKind: "second",
    audience: () => "urn:phonekey:second-factor",
    claims: secondFactorClaims,
  },
  proof: {
    header: { alg: "ES256", typ: "proof+jwt" },
    keyKind: "proof",
    audience: ({ client }) => client,
    claims: z.strictObject({
      client: z.string().regex(BACKEND_NAME),
      jti: id,
      verification: id,
      purpose: z.enum(PURPOSES),
      phone: z.exactOptional(id),
      phoneTag: z.exactOptional(id),
      reference: z.exactOptional(id),
      transactionHash: z.exactOptional(id),
    }),
  },
  link: {
    header: { alg: "dir", enc: "A256GCM", typ: "link+jwt" },
    keyKind: "link",
    audience: () => "urn:phonekey:link",
    claims: z.strictObject({
      verification: id,
      client: z.string().regex(BACKEND_NAME),
      returnTo: z.exactOptional(z.string()),
      state: z.exactOptional(z.string()),
    }),
  },
  functions: {
    header: { alg: "HS256", typ: "functions+jwt" },
    keyKind: "functions",
    audience: () => "urn:phonekey:functions",
    claims: z.strictObject({ phone: id, userId: id, name: z.string(), avatar: id, sid: id }),
  },
};

/**
 * The profile of each kind.
 *
 * @param audience of the access tokens, which others read (RFC 9068)
 */
export function createProfiles(audience: string): { readonly [K in TokenKind]: Profile<K> } {
  return {
    ...OWN_PROFILES,
    access: {
      header: { alg: "ES256", typ: "at+jwt" },
      keyKind: "signing",
      audience: () => audience,
      // No app is registered: users sign in at Phonekey's own API.
      clientId: "phonekey",
      claims: accessClaims,
    },
  };
}
