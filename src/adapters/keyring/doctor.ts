import type { KeyStore, WrappedKey } from "../../core/keys.ts";
import { doubtful, fine, wrong } from "../../core/maintenance/doctor.ts";
import type { Finding } from "../../core/maintenance/ports.ts";
import type { Random } from "../../core/ports.ts";
import { hasKnownKind, PENDING } from "./lifetime.ts";
import { createKeyWrapper, type KeyWrapper } from "./wrap.ts";

const NAME = "keys";

export interface KeyCheckDeps {
  readonly store: KeyStore;
  /** `PHONEKEY_SECRETS`, the first one current. */
  readonly secrets: readonly string[];
  readonly random: Random;
}

/** Whether every key opens with the configured secrets, and which operations are half done. */
export async function checkKeys({ store, secrets, random }: KeyCheckDeps): Promise<readonly Finding[]> {
  const rows = (await store.list()).filter(hasKnownKind);
  if (rows.length === 0) return [fine(NAME, "there are none yet; the server makes them when it starts")];
  const wrapper = createKeyWrapper(secrets, random);
  const closed = firstProblem(rows, wrapper);
  if (closed) return [closed];
  const older = rows.filter((row) => row.secretId !== wrapper.secretId).length;
  return [wrapping(rows.length, older), ...retagging(rows)];
}

/** Keys usually fail to open for one common reason, so one finding is enough. */
function firstProblem(rows: readonly WrappedKey[], wrapper: KeyWrapper): Finding | undefined {
  for (const row of rows) {
    try {
      wrapper.unwrap(row);
    } catch (error) {
      return wrong(NAME, error instanceof Error ? error.message : "a key does not open");
    }
  }
  return undefined;
}

function wrapping(count: number, older: number): Finding {
  if (older === 0) return fine(NAME, `all ${count} open with the first of PHONEKEY_SECRETS`);
  return doubtful(
    NAME,
    `${older} of ${count} ${older === 1 ? "is" : "are"} still wrapped with an older one of PHONEKEY_SECRETS`,
    {
      todo: "Run `phonekey keys rotate --wrapping-only`; remove the older secret only after that.",
    },
  );
}

function retagging(rows: readonly WrappedKey[]): Finding[] {
  if (!rows.some((row) => row.kind === "tag" && row.activeFrom === PENDING)) return [];
  return [
    wrong("tag key", "a retag was begun and has not ended; sign-in answers 503 until then", {
      todo: "Run `phonekey keys retag`; it goes on where it was.",
    }),
  ];
}
