import { createKeyring } from "../../../src/adapters/keyring/keyring.ts";
import { UnavailableError } from "../../../src/core/refusals.ts";
import { createMemoryKeyStore, watchKeyStore } from "../../support/key-store.ts";
import { createFixture } from "./fixtures.ts";

/** A keyring with a key of every kind, whose store can be made unreachable. */
export async function createReady() {
  let down = false;
  const rows = createMemoryKeyStore();
  const store = watchKeyStore(rows, {
    before: () => {
      if (down) throw new UnavailableError("the database", { cause: "canary" });
    },
  });
  const fixture = createFixture(store);
  const errors: unknown[] = [];
  const keyring = createKeyring({ ...fixture, onReloadError: (error) => errors.push(error) });
  await keyring.ensure();
  const setDown = (to: boolean) => {
    down = to;
  };
  return { ...fixture, store, rows: rows.rows, keyring, errors, setDown };
}
