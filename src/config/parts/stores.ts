import { resolve } from "node:path";
import { SECRET_FILE } from "../development-secret.ts";
import { type DatabaseUrl, databaseUrl } from "../formats/database-url.ts";
import { type StateUrl, stateUrl } from "../formats/redis-url.ts";
import { secretList } from "../formats/secrets.ts";
import { optional, withDefault } from "../setting.ts";

export const storeVariables = {
  PHONEKEY_SECRETS: optional(secretList, `in development made once and kept in \`${SECRET_FILE}\``, {
    part: "Secrets and stores",
    sentence:
      "Encrypt the keys in the database. The first one is current; to rotate, put a new one in front and run `phonekey keys rotate --wrapping-only` ([keys.md](keys.md#change-the-secret)). Make one with `openssl rand -base64 48`.",
    stopsProduction:
      "it is not set, or one of them is shorter than 32 bytes, repeats itself or is a placeholder",
  }),
  DATABASE_URL: withDefault(databaseUrl, "sqlite:./data/phonekey.db", {
    part: "Secrets and stores",
    sentence:
      "Where users, sessions, keys and wrong guesses are kept: in a SQLite file, or on MySQL 5.7, MySQL 8 or MariaDB 10.6 and newer. MySQL's may end in parameters: `?ssl=true` encrypts and verifies the certificate, against the authorities of `sslCa=/path/ca.pem` and for the name of `sslName=…` where those are given; `socketPath=/path` uses a Unix socket; `connections=10` is the most that one process opens. Relative paths start at the working folder.",
  }),
  STATE_URL: withDefault(stateUrl, "database", {
    part: "Secrets and stores",
    sentence:
      "Where verifications and limits are kept. `memory:` forgets them when the process ends. A Redis has user and password before its hosts, as in `redis://user:password@host:6379`, percent-encoded where they have special characters. `rediss`, `rediss+sentinel` and `rediss+cluster` encrypt and verify the certificates of all servers, against the authorities of `?sslCa=/path/ca.pem` and for the name of `sslName=…` where those are given. Sentinels that ask for a password themselves get that of `sentinelPassword=…`. Relative paths start at the working folder.",
    stopsProduction: "it is `memory:`",
  }),
};

/** Relative paths start at `folder`. */
export function arrangeDatabase(database: DatabaseUrl, folder: string): DatabaseUrl {
  if (database.kind === "sqlite") return { ...database, path: resolve(folder, database.path) };
  const { tls } = database;
  return tls?.caFile ? { ...database, tls: { ...tls, caFile: resolve(folder, tls.caFile) } } : database;
}

/** Relative paths start at `folder`. */
export function arrangeState(state: StateUrl, folder: string): StateUrl {
  if (state.kind !== "redis" || !state.tls?.caFile) return state;
  return { ...state, tls: { ...state.tls, caFile: resolve(folder, state.tls.caFile) } };
}
