import { explain } from "../compose/explain.ts";

/**
 * Prints as JSON what a command of several steps did, so that it is known also where a later one fails: then the `error` is
 * beside it, and is thrown.
 *
 * @param done what was done so far, which the steps add to
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
