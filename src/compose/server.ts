import type { Server } from "node:http";
import type { Composed } from "../compose.ts";
import type { Config } from "../config.ts";
import { loadHandlers } from "../http/lazy.ts";
import { createHttpServer } from "../http/server.ts";

/**
 * Loads at once the modules that would be loaded when first needed. This is for servers, which run for long: later
 * their files may have been replaced by a deployment, or no file descriptor may be left, and Node.js never tries to
 * load a module again. Passkeys and the list of common passwords still wait, because they take much memory and only
 * some need them.
 */
export async function loadNow({
  senders,
  challenges,
}: Pick<Config, "senders" | "challenges">): Promise<void> {
  const sendsByTencent = senders.some(({ name }) => name === "tencent");
  const asksTencent = challenges.kind === "tencent";
  await Promise.all([
    loadHandlers(),
    import("prom-client"),
    import("qr"),
    ...(challenges.kind === "altcha" ? [import("altcha-lib"), import("altcha-lib/algorithms/pbkdf2")] : []),
    ...(sendsByTencent ? [import("tencentcloud-sdk-nodejs-sms")] : []),
    ...(asksTencent ? [import("tencentcloud-sdk-nodejs-common")] : []),
    ...(sendsByTencent || asksTencent ? [import("../adapters/tencent/connections.ts")] : []),
  ]);
}

/**
 * The HTTP server of a composed Phonekey, not listening yet. In a file of its own, because event functions load no
 * server.
 */
export function serverOf({ app, log, metrics, arrive }: Composed): Server {
  return createHttpServer(app, { log, metrics }, arrive);
}
