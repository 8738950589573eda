import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server";
import { z } from "zod";
import type { Credential, PasskeyAnswer, PasskeySite, Passkeys } from "../../core/account/factors/ports.ts";
import { MINUTE_MS } from "../../core/time.ts";

const base64url = z.string().regex(/^[\w-]+$/);

/** The common shape of both ceremonies' answers. The library judges the rest. */
const answerSchema = z.looseObject({
  id: base64url.max(2_048),
  rawId: base64url.max(2_048),
  type: z.literal("public-key"),
  response: z.looseObject({ clientDataJSON: base64url }),
  clientExtensionResults: z.looseObject({}),
});

/**
 * Our pages are never framed by another site, so no answer comes from such a frame. The library accepts a framed answer
 * that does not name the framing site.
 */
const clientDataSchema = z.looseObject({
  challenge: base64url.max(128),
  crossOrigin: z.literal(false).optional(),
});

const TRANSPORTS = ["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"] as const;
type Transport = (typeof TRANSPORTS)[number];

const TIMEOUT_MS = 5 * MINUTE_MS;

/** Passkeys by SimpleWebAuthn, which is loaded when somebody first uses one. */
export function createPasskeys(): Passkeys {
  const library = () => import("@simplewebauthn/server");
  return {
    async creationOptions(site, user, known) {
      const { generateRegistrationOptions } = await library();
      const options = await generateRegistrationOptions({
        rpName: site.name,
        rpID: rpIdOf(site),
        userID: handleOf(user.id),
        userName: user.name,
        userDisplayName: user.name,
        timeout: TIMEOUT_MS,
        attestationType: "none",
        excludeCredentials: known.map(descriptorOf),
        authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
      });
      return { challenge: options.challenge, options: { ...options } };
    },

    async requestOptions(site, known) {
      const { generateAuthenticationOptions } = await library();
      const options = await generateAuthenticationOptions({
        rpID: rpIdOf(site),
        allowCredentials: known.map(descriptorOf),
        userVerification: "required",
        timeout: TIMEOUT_MS,
      });
      return { challenge: options.challenge, options: { ...options } };
    },

    challengeOf(answer) {
      const parsed = answerSchema.safeParse(answer);
      return parsed.success ? challengeIn(parsed.data.response.clientDataJSON) : undefined;
    },

    async readCreation(site, answer, challenge) {
      const { verifyRegistrationResponse } = await library();
      const read = withoutAttestation(answer).then((response) =>
        verifyRegistrationResponse({ ...expectedAt(site, challenge), response }),
      );
      const { registrationInfo } = (await read.catch(nothing)) ?? {};
      if (!registrationInfo) return undefined;
      const { credential } = registrationInfo;
      // The library hands them on as they came.
      const given: unknown = credential.transports;
      const transports = TRANSPORTS.filter((one) => Array.isArray(given) && given.includes(one));
      return {
        credentialId: credential.id,
        publicKey: Buffer.from(credential.publicKey).toString("base64url"),
        counter: credential.counter,
        transports,
      };
    },

    async readAssertion(site, answer, challenge, known) {
      const { verifyAuthenticationResponse } = await library();
      const response = answer as unknown as AuthenticationResponseJSON;
      const { userId, counter, publicKey } = known;
      const { userHandle } = response.response;
      if (userHandle && userHandle !== Buffer.from(handleOf(userId)).toString("base64url")) return undefined;
      const credential = {
        ...descriptorOf(known),
        publicKey: new Uint8Array(Buffer.from(publicKey, "base64url")),
        counter,
      };
      const read = verifyAuthenticationResponse({ ...expectedAt(site, challenge), response, credential });
      const verified = await read.catch(nothing);
      return verified?.verified ? verified.authenticationInfo.newCounter : undefined;
    },
  };
}

/**
 * Removes an attestation that came although none was requested. For it the library would ask every address that its
 * certificates name about revocation, whoever made them (SSRF).
 */
async function withoutAttestation(answer: PasskeyAnswer): Promise<RegistrationResponseJSON> {
  const { decodeAttestationObject, isoBase64URL, isoCBOR } = await import("@simplewebauthn/server/helpers");
  const given = answer as unknown as RegistrationResponseJSON;
  const object = decodeAttestationObject(isoBase64URL.toBuffer(given.response.attestationObject));
  const plain = new Map<string, string | Uint8Array | Map<string, string>>([
    ["fmt", "none"],
    ["attStmt", new Map<string, string>()],
    ["authData", object.get("authData")],
  ]);
  const attestationObject = isoBase64URL.fromBuffer(new Uint8Array(isoCBOR.encode(plain)));
  return { ...given, response: { ...given.response, attestationObject } };
}

/** The identifier by which an authenticator knows a user (WebAuthn level 3, user handle). */
function handleOf(userId: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(userId));
}

/** The library throws for anything that is wrong with an answer. */
function nothing(): undefined {
  return undefined;
}

/** The registrable scope is the page's own host: no other host of the domain can ask for these passkeys. */
function rpIdOf({ origin }: PasskeySite): string {
  return new URL(origin).hostname;
}

function expectedAt(site: PasskeySite, challenge: string) {
  return {
    expectedChallenge: challenge,
    expectedOrigin: site.origin,
    expectedRPID: rpIdOf(site),
    requireUserVerification: true,
  };
}

function descriptorOf({ credentialId, transports }: Credential): { id: string; transports: Transport[] } {
  return { id: credentialId, transports: TRANSPORTS.filter((one) => transports.includes(one)) };
}

function challengeIn(clientDataJson: string): string | undefined {
  try {
    return clientDataSchema.safeParse(JSON.parse(Buffer.from(clientDataJson, "base64url").toString())).data
      ?.challenge;
  } catch {
    return undefined;
  }
}
