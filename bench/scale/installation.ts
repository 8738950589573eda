import { randomBytes } from "node:crypto";
import { createKeyring } from "../../src/adapters/keyring/keyring.ts";
import { createKeyStore } from "../../src/adapters/sql/keys/keys.ts";
import { migrate } from "../../src/adapters/sql/migrations/migrate.ts";
import type { MysqlServer } from "../../src/adapters/sql/mysql/connection.ts";
import { openMysql } from "../../src/adapters/sql/mysql/open.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import type { Key } from "../../src/core/keys.ts";

/** What has to be known of an installation to make rows and codes that are its own. */
export interface Installation {
  readonly server: MysqlServer;
  /** `PHONEKEY_SECRETS`. */
  readonly secret: string;
  readonly keys: { readonly tag: Key; readonly data: Key; readonly code: Key };
}

/** Makes an installation in an empty database: schema and keys. */
export async function install(server: MysqlServer): Promise<Installation> {
  const secret = randomBytes(36).toString("base64");
  const database = await openMysql(server, { connections: 1 });
  try {
    await migrate(database, systemClock);
    const deps = { secrets: [secret], clock: systemClock, random: systemRandom };
    const keyring = createKeyring({ store: createKeyStore(database), ...deps });
    await keyring.ensure();
    const [tag, data, code] = [
      await keyring.current("tag"),
      await keyring.current("data"),
      await keyring.current("code"),
    ];
    return { server, secret, keys: { tag, data, code } };
  } finally {
    await database.close();
  }
}
