import { type Challenge, solveChallenge } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/pbkdf2";

/** Does the work that a challenge asks for; resolves with what the API takes as `captcha`. */
export async function solveAltcha(puzzle: unknown) {
  const challenge = puzzle as Challenge;
  const solution = await solveChallenge({ challenge, deriveKey });
  if (!solution) throw new Error("the challenge was not solved");
  const payload = Buffer.from(JSON.stringify({ challenge, solution })).toString("base64");
  return { kind: "altcha", payload } as const;
}
