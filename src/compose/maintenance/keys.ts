import { createKeyring } from "../../adapters/keyring/keyring.ts";
import { createPhoneVault } from "../../adapters/keyring/vault.ts";
import type { SqlStores } from "../../adapters/sql/stores.ts";
import type { Config } from "../../config.ts";
import type { DoPiece } from "../../core/maintenance/tick.ts";
import type { Clock, Random } from "../../core/ports.ts";

interface KeysDeps {
  readonly config: Pick<Config, "secrets">;
  readonly stores: Pick<SqlStores, "keys">;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The keys for jobs that open phones. They are read when such a job begins, so that only a job that cannot read them
 * fails.
 */
export function jobKeys({ config, stores, clock, random }: KeysDeps) {
  const keyring = createKeyring({ store: stores.keys, secrets: config.secrets, clock, random });
  return {
    keyring,
    vault: createPhoneVault({ keyring, random }),
    withKeys:
      (job: DoPiece): DoPiece =>
      async (now, isOver) => {
        await keyring.ensure();
        return await job(now, isOver);
      },
  };
}
