import { explain } from "../compose/explain.ts";

/** Settings that cannot be used; the message holds every problem. */
export class SettingsError extends Error {}

/** What went wrong in a sentence for the person at the terminal: no stack, no value of a setting. */
export function describeFailure(error: unknown): string {
  return error instanceof SettingsError ? error.message : `phonekey: ${explain(error)}`;
}
