import { createKeyring } from "../../dist/adapters/keyring/keyring.js";
import { createKeyStore } from "../../dist/adapters/sql/keys/keys.js";
import { createBaselineStore } from "../../dist/adapters/sql/protection/baselines.js";
import { systemClock } from "../../dist/adapters/system/clock.js";
import { systemRandom } from "../../dist/adapters/system/random.js";
import { openDatabase } from "../../dist/compose/database.js";
import { serverOf } from "../../dist/compose/server.js";
import { compose, migrateDatabase } from "../../dist/compose.js";
import { loadConfig } from "../../dist/config.js";
import { heapBytes } from "../../test/support/heap.js";

/** A sender that takes every message at once: what a provider takes its time for is no part of the figures. */
const sender = {
  name: "bench",
  maxCodeLength: 8,
  resendFloorSeconds: 0,
  send: async ({ id }) => ({ status: "accepted", providerId: id }),
};

/** Where the guard challenges strangers, as if so much had been usual for long: it counts, and lets the load through. */
const USUAL = ["total", "country:CN"].map((subject) => ({ subject, value: 1_000_000_000, updatedAt: 0 }));

/** Phonekey as `phonekey serve` composes it, but for the sender and what is usual. Ends with its parent. */
async function main(config) {
  await migrateDatabase(config);
  const composed = await compose(config, { route: [sender] });
  const database = await openDatabase(config);
  await createBaselineStore(database).replace(USUAL);
  const keys = { store: createKeyStore(database), secrets: config.secrets };
  const code = await createKeyring({ ...keys, clock: systemClock, random: systemRandom }).current("code");
  await database.close();
  const codeKey = Buffer.from(code.material).toString("hex");
  serverOf(composed).listen(config.server.port, "127.0.0.1", () => process.send?.({ codeKey }));
  process.on("message", () => process.send?.({ heapBytes: heapBytes() }));
  process.once("disconnect", async () => {
    await composed.close();
    process.exit();
  });
}

const loaded = loadConfig();
if (!loaded.ok) throw new Error(loaded.problems.map(({ name, message }) => `${name}: ${message}`).join("\n"));
await main(loaded.config);
