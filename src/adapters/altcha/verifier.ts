import type { Key, Keyring } from "../../core/keys.ts";
import type { Random } from "../../core/ports.ts";
import type { ChallengeRequest, ChallengeVerifier, Verdict } from "../../core/protection/challenges/ports.ts";
import { hmacText } from "../../core/secrets.ts";
import { MINUTE_MS } from "../../core/time.ts";
import { type AltchaPayload, readPayload } from "./payload.ts";

/** How long a challenge may take to be solved and sent, the person's own pauses included. */
const LIFE_MS = 5 * MINUTE_MS;
/** A solver tries this many counters at least, and at most twice as many. */
const TRIES = 1_000;

const library = () => Promise.all([import("altcha-lib"), import("altcha-lib/algorithms/pbkdf2")]);

export interface AltchaDeps {
  readonly keyring: Keyring;
  readonly random: Random;
  /** `ALTCHA_COST`: iterations of PBKDF2 in each try. */
  readonly cost: number;
}

/**
 * Proof of work by ALTCHA's protocol (https://altcha.org, version 2): the solver looks for the counter whose PBKDF2
 * begins as asked for. Nothing is stored. The challenge is signed with a secret that is derived for its request, so its
 * signature is invalid for any other phone, purpose or browser. The answer is signed too, so judging it costs one HMAC.
 */
export function createAltchaVerifier({ keyring, random, cost }: AltchaDeps): ChallengeVerifier {
  return {
    kind: "altcha",
    isThirdParty: false,
    async puzzle(request, now) {
      const key = await keyring.current("challenge");
      const [{ createChallenge }, { deriveKey }] = await library();
      const { parameters, signature } = await createChallenge({
        algorithm: "PBKDF2/SHA-256",
        cost,
        counter: TRIES + (Buffer.from(random.bytes(4)).readUInt32BE() % TRIES),
        data: { key: key.id },
        deriveKey,
        expiresAt: Math.floor((now + LIFE_MS) / 1000),
        ...secretsFor(key, request),
      });
      return { parameters, signature };
    },
    async verify(captcha, request, now) {
      const read = captcha.kind === "altcha" ? readPayload(captcha.payload) : undefined;
      return read ? await judge(keyring, read, request, now) : { status: "invalid" };
    },
  };
}

/** A challenge counts once, even if several counters solve it: its nonce identifies all its solutions. */
async function judge(
  keyring: Keyring,
  { challenge, solution }: AltchaPayload,
  request: ChallengeRequest,
  now: number,
): Promise<Verdict> {
  const { data, expiresAt, nonce } = challenge.parameters;
  const key = expiresAt * 1000 > now ? await keyring.find("challenge", data.key) : undefined;
  if (!key) return { status: "invalid" };
  const [{ verifySolution }, { deriveKey }] = await library();
  const { verified } = await verifySolution({
    challenge,
    solution,
    deriveKey,
    ...secretsFor(key, request),
  });
  return verified ? { status: "solved", id: nonce, livesMs: LIFE_MS } : { status: "invalid" };
}

function secretsFor({ material }: Key, { phoneTag, purpose, browser = "" }: ChallengeRequest) {
  const secret = (use: string) => hmacText(material, "altcha", use, phoneTag, purpose, browser);
  return { hmacSignatureSecret: secret("challenge"), hmacKeySignatureSecret: secret("answer") };
}
