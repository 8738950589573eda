import { once } from "node:events";
import { describeFailure } from "../cli/failure.ts";
import { listen } from "../cli/serve/listening.ts";
import { prepareStop } from "../cli/serve/stopping.ts";
import { settings } from "../cli/settings.ts";
import { serverOf } from "../compose/server.ts";
import { compose } from "../compose.ts";

/** The web function: a server on the platform's port. The maintenance function's timer does the periodic work. */
async function serve(): Promise<void> {
  const config = settings({ onScf: true });
  const composed = await compose(config);
  const server = serverOf(composed);
  const stop = prepareStop(server);
  await listen(server, config.server);
  await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  await stop();
  await composed.close();
}

serve().catch((error: unknown) => {
  console.error(describeFailure(error));
  process.exitCode = 1;
});
