import { UnavailableError } from "../core/refusals.ts";

/** Settings that cannot be used; the message holds every problem. */
export class SettingsError extends Error {}

/** What went wrong in a sentence for the person at the terminal: no stack, no value of a setting. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return "phonekey: failed";
  if (error instanceof UnavailableError) return `phonekey: ${error.message}: ${causeOf(error)}`;
  return error instanceof SettingsError ? error.message : `phonekey: ${error.message}`;
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : "no answer";
}
