import { bad, type Format, good, split } from "./format.ts";

const SHORTEST_BYTES = 32;
const FEWEST_DIFFERENT_CHARACTERS = 8;
const PLACEHOLDER =
  /change.?(me|this|it)|replace.?(me|this|with)|place.?holder|example|your.?(own|secret|key)|insert.?(your|here)|pass.?word|super.?secret/i;

/**
 * What is wrong with one secret, or undefined. A server must never start with short, empty or placeholder keys (T26,
 * T54).
 */
function weakness(secret: string): string | undefined {
  if (Buffer.byteLength(secret) < SHORTEST_BYTES) return `is shorter than ${SHORTEST_BYTES} bytes`;
  if (/^[\da-f]+$/i.test(secret) && secret.length < 2 * SHORTEST_BYTES) {
    return `is shorter than ${SHORTEST_BYTES} bytes: in hexadecimal these are ${2 * SHORTEST_BYTES} digits`;
  }
  if (PLACEHOLDER.test(secret)) return "is a placeholder";
  if (repeats(secret)) return "repeats itself; a secret must be random";
  return undefined;
}

function repeats(secret: string): boolean {
  // A text that repeats one unit occurs inside its own doubling before the second copy begins.
  return (
    new Set(secret).size < FEWEST_DIFFERENT_CHARACTERS || (secret + secret).indexOf(secret, 1) < secret.length
  );
}

/** One or more secrets, the current one first. Each is used exactly as written. */
export const secretList: Format<readonly string[]> = {
  expects: `random texts of ${SHORTEST_BYTES} bytes or more (${2 * SHORTEST_BYTES} digits in hexadecimal), separated by commas`,
  read(text) {
    const secrets = split(text);
    for (const [index, secret] of secrets.entries()) {
      const problem = secrets.indexOf(secret) < index ? "is there twice" : weakness(secret);
      if (problem !== undefined) return bad(`secret ${index + 1} ${problem}`);
    }
    return secrets.length > 0 ? good(secrets) : bad("has no secret in it");
  },
};
