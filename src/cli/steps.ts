import { explain } from "../compose/explain.ts";

/**
 * Prints as JSON what a command of several steps did, even if a later step fails. Then the `error` is beside it, and is
 * thrown.
 *
 * @param done what was done so far; the steps add to it
 */
export async function printSteps(done: object, steps: Promise<void>): Promise<void> {
  try {
    await steps;
  } catch (error) {
    console.log(JSON.stringify({ ...done, error: explain(error) }));
    throw error;
  }
  console.log(JSON.stringify(done));
}
