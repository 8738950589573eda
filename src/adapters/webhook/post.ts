import type { AlertPost } from "../../core/alerts/ports.ts";
import type { Clock } from "../../core/ports.ts";
import { UnavailableError } from "../../core/refusals.ts";
import { createSigner } from "./signature.ts";

export interface WebhookSettings {
  readonly url: string;
  /**
   * Keys of the signatures in base64, the current one first. Each of them signs, so that a receiver can change to the
   * next.
   */
  readonly secrets: readonly string[];
}

const DEADLINE_MS = 10_000;

/**
 * Posts to one address, signed according to Standard Webhooks 1.0. It follows no redirect and reads no answer, so the
 * holder of the address cannot send it anywhere else.
 */
export function createWebhook(settings: WebhookSettings, clock: Clock): AlertPost {
  const sign = createSigner(settings, clock);
  return async (message) => {
    const request = { method: "POST", redirect: "manual", ...sign(message) } as const;
    try {
      const response = await fetch(settings.url, { ...request, signal: AbortSignal.timeout(DEADLINE_MS) });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  };
}

/**
 * Resolves if anything answers there, whatever the answer; otherwise rejects with `UnavailableError`. Posts nothing.
 *
 * @param setting the variable that has the address
 */
export async function reachWebhook({ url }: Pick<WebhookSettings, "url">, setting: string): Promise<void> {
  const request = { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(DEADLINE_MS) } as const;
  await fetch(url, request).catch((error: Error) => {
    throw new UnavailableError(`the address in ${setting}`, { cause: error.cause ?? error });
  });
}
