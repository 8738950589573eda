import type { Server } from "node:http";
import type { Composed } from "../compose.ts";
import type { Config } from "../config.ts";
import { loadHandlers } from "../http/lazy.ts";
import { createHttpServer } from "../http/server.ts";

/**
 * Loads at once what would be loaded when it is first needed. For servers, which run for long: by then their files may have
 * been replaced by a deployment, or no file descriptor be left, and Node.js never tries to load a module again. What takes
 * much memory and only some need, passkeys and the list of common passwords, still waits.
 */
export async function loadNow({
  senders,
  challenges,
}: Pick<Config, "senders" | "challenges">): Promise<void> {
  await Promise.all([
    loadHandlers(),
    import("prom-client"),
    import("qr"),
    ...(challenges.kind === "altcha" ? [import("altcha-lib"), import("altcha-lib/algorithms/pbkdf2")] : []),
    ...(senders.includes("tencent") ? [import("tencentcloud-sdk-nodejs-sms")] : []),
    ...(challenges.kind === "tencent" ? [import("tencentcloud-sdk-nodejs-common")] : []),
    ...([...senders, challenges.kind].includes("tencent")
      ? [import("../adapters/tencent/connections.ts")]
      : []),
  ]);
}

/** The HTTP server of a composed Phonekey, not listening yet. In a file of its own: event functions load no server. */
export function serverOf({ app, log, metrics, arrive }: Composed): Server {
  return createHttpServer(app, { log, metrics }, arrive);
}
