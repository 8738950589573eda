import { compose, migrateDatabase } from "../../dist/compose.js";
import { loadConfig } from "../../dist/config.js";
import { serverOf } from "../../dist/server.js";
import { heapBytes } from "../../test/support/heap.js";

/** A sender that takes every message at once: what a provider takes its time for is no part of the figures. */
const sender = {
  name: "bench",
  maxCodeLength: 8,
  resendFloorSeconds: 0,
  send: async ({ id }) => ({ status: "accepted", providerId: id }),
};

/** Phonekey as `phonekey serve` composes it, but for the sender. Ends with its parent. */
async function main(config) {
  await migrateDatabase(config);
  const composed = await compose(config, { route: [sender] });
  serverOf(composed).listen(config.server.port, "127.0.0.1", () => process.send?.({}));
  process.on("message", () => process.send?.({ heapBytes: heapBytes() }));
  process.once("disconnect", async () => {
    await composed.close();
    process.exit();
  });
}

const loaded = loadConfig();
if (!loaded.ok) throw new Error(loaded.problems.map(({ name, message }) => `${name}: ${message}`).join("\n"));
await main(loaded.config);
