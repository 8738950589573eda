import type { Context } from "hono";
import { equalSecrets } from "../core/secrets.ts";
import { bearerToken } from "./bearer.ts";
import type { Env, HttpDeps, HttpSettings } from "./context.ts";
import { isFromLoopback } from "./loopback.ts";

type MetricsSettings = Pick<HttpSettings, "metricsToken" | "scf" | "clientIpHeader">;

/** Whether a caller may read `/metrics`: they show `METRICS_TOKEN`, or are on this machine. */
export function mayReadMetrics(c: Context<Env>, settings: MetricsSettings): boolean {
  return showsToken(c, settings) || isOnThisMachine(c, settings);
}

function showsToken(c: Context<Env>, { metricsToken }: MetricsSettings): boolean {
  return metricsToken !== undefined && equalSecrets(bearerToken(c) ?? "", metricsToken);
}

/**
 * Always false on SCF, where connections come from the platform, and for a request that a platform's header shows to be
 * forwarded.
 */
function isOnThisMachine(c: Context<Env>, { scf, clientIpHeader }: MetricsSettings): boolean {
  const cameThrough = clientIpHeader !== undefined && c.req.header(clientIpHeader) !== undefined;
  return !scf && !cameThrough && isFromLoopback(c);
}

/** GET /metrics: what this process counted, for Prometheus. */
export async function readMetrics(c: Context<Env>, { metrics }: HttpDeps): Promise<Response> {
  const { type, text } = await metrics.read();
  return c.body(text, 200, { "content-type": type });
}
