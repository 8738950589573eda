import { createKeyring } from "../../src/adapters/keyring/keyring.ts";
import { createKeyStore } from "../../src/adapters/sql/keys/keys.ts";
import { createBaselineStore } from "../../src/adapters/sql/protection/baselines.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import { openDatabase } from "../../src/compose/database.ts";
import { loadConfig } from "../../src/config.ts";

/** Where the guard challenges strangers, as if so much had been usual for long: it counts, and lets the load through. */
const USUAL = ["total", "country:CN"].map((subject) => ({ subject, value: 1_000_000_000, updatedAt: 0 }));

/**
 * Makes the load usual to the installation with these settings, whose server runs and was not asked for anything yet.
 * Resolves with the key of its codes, in hex.
 */
export async function makeUsual(settings: Readonly<Record<string, string>>): Promise<string> {
  const loaded = loadConfig(settings);
  if (!loaded.ok) throw new Error("a server runs with settings that cannot be used");
  const { config } = loaded;
  const database = await openDatabase(config);
  try {
    await createBaselineStore(database).replace(USUAL);
    const keys = { store: createKeyStore(database), secrets: config.secrets };
    const { material } = await createKeyring({ ...keys, clock: systemClock, random: systemRandom }).current(
      "code",
    );
    return Buffer.from(material).toString("hex");
  } finally {
    await database.close();
  }
}
