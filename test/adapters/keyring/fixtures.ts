import { inspect } from "node:util";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import type { KeyStore } from "../../../src/core/keys.ts";
import { createTestClock } from "../../support/clock.ts";
import { createMemoryKeyStore } from "../../support/key-store.ts";

export { DAY as DAY_MS } from "../../support/times.ts";

export const SECRET = "canary-secret-one-0123456789abcdefghij";
export const OTHER_SECRET = "canary-secret-two-0123456789abcdefghij";

export function createFixture(store: KeyStore = createMemoryKeyStore()) {
  return { store, secrets: [SECRET] as readonly string[], clock: createTestClock(), random: systemRandom };
}

/** What a promise rejects with; fails the test when it does not. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof Error)) throw new Error("It was expected to fail.");
  return outcome;
}

/** All that a log could print of an error: message, stack, fields and causes. */
export function printed(error: unknown): string {
  return inspect(error, { depth: 10, showHidden: true, maxStringLength: null, maxArrayLength: null });
}

/** The spellings in which bytes or a text could be printed. */
export function spellings(value: string | Uint8Array): string[] {
  const bytes = Buffer.from(value as Uint8Array);
  return [
    bytes.toString("latin1"),
    bytes.toString("hex"),
    bytes.toString("base64"),
    bytes.toString("base64url"),
    inspect(bytes).slice("<Buffer ".length, 80),
  ];
}
