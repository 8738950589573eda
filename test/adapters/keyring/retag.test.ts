import { describe, expect, test } from "vitest";
import { createKeyring } from "../../../src/adapters/keyring/keyring.ts";
import { type RetagDeps, retag } from "../../../src/adapters/keyring/retag.ts";
import { createPhoneVault } from "../../../src/adapters/keyring/vault.ts";
import { MissingSecretError } from "../../../src/adapters/keyring/wrap.ts";
import type { Phone } from "../../../src/core/phone.ts";
import { createMemoryKeyStore, watchKeyStore } from "../../support/key-store.ts";
import { createFixture, failure, OTHER_SECRET } from "./fixtures.ts";

interface Row {
  tag: string;
  sealed: string;
}

/** An installation with some rows, each with a tag and a sealed phone. */
async function createInstallation(size = 25) {
  const memory = createMemoryKeyStore();
  const fixture = createFixture(memory);
  const keyring = createKeyring(fixture);
  await keyring.ensure();
  const vault = createPhoneVault({ keyring, random: fixture.random });
  const phones = Array.from({ length: size }, (_, i) => `+86138001380${10 + i}` as Phone);
  const rows = new Map<string, Row>();
  for (const [i, phone] of phones.entries()) {
    rows.set(`row-${i}`, { tag: await vault.tag(phone), sealed: await vault.seal(phone, `row-${i}`) });
  }
  fixture.clock.advance(1_000);
  return {
    ...fixture,
    rows,
    phones,
    tagKeys: () => [...memory.rows.values()].filter((k) => k.kind === "tag"),
  };
}

/** Like a table: each row by its own guarded update. */
function createBatch(rows: Map<string, Row>): RetagDeps["retagBatch"] {
  const under = (keyId: string) => [...rows].filter(([, row]) => row.tag.startsWith(`${keyId}.`));
  return async ({ oldKeyId, newTag, limit }) => {
    const found = under(oldKeyId).slice(0, limit);
    let changed = 0;
    for (const [id, { tag, sealed }] of found) {
      const next = await newTag(sealed, id);
      if (rows.get(id)?.tag !== tag) continue;
      rows.set(id, { tag: next, sealed });
      changed += 1;
    }
    return { phones: found.length, rows: changed };
  };
}

type Installation = Awaited<ReturnType<typeof createInstallation>>;

/** Every row is found by its phone, through a process that has just started. */
async function expectAllFound(installation: Installation) {
  const keyring = createKeyring(installation);
  const vault = createPhoneVault({ keyring, random: installation.random });
  const tags = await Promise.all(installation.phones.map((phone) => vault.tag(phone)));
  expect([...installation.rows.values()].map((row) => row.tag)).toEqual(tags);
}

function expectOneInUse({ tagKeys, clock }: Installation, count: number) {
  const keys = tagKeys();
  expect(keys).toHaveLength(count);
  const inUse = keys.filter((key) => key.activeFrom <= clock.now() && key.retiredAt === undefined);
  expect(inUse.map((key) => key.sequence)).toEqual([count]);
}

describe("retag", () => {
  test("gives every row a tag under one new key, in batches, and reports its progress", async () => {
    const installation = await createInstallation();
    const progress: number[] = [];
    const { keyId, done } = await retag({
      ...installation,
      retagBatch: createBatch(installation.rows),
      batchSize: 10,
      onProgress: (rows) => progress.push(rows),
    });
    expect(done).toBe(25);
    expect(progress).toEqual([10, 20, 25]);
    expectOneInUse(installation, 2);
    expect(installation.tagKeys().map((key) => key.id)).toContain(keyId);
    await expectAllFound(installation);
  });

  test("makes one new key in each further run", async () => {
    const installation = await createInstallation(3);
    for (let keys = 2; keys <= 4; keys += 1) {
      await retag({ ...installation, retagBatch: createBatch(installation.rows) });
      expectOneInUse(installation, keys);
      await expectAllFound(installation);
      installation.clock.advance(1_000);
    }
  });

  test("retires the old key before the first row changes, and makes the new one active only after the last", async () => {
    const installation = await createInstallation(5);
    const batch = createBatch(installation.rows);
    let batches = 0;
    await retag({
      ...installation,
      batchSize: 2,
      async retagBatch(asked) {
        batches += 1;
        const [old, next] = installation.tagKeys();
        expect(old?.retiredAt).toBe(installation.clock.now());
        expect(next?.activeFrom).toBe(Number.MAX_SAFE_INTEGER);
        const server = createKeyring(installation);
        await expect(server.current("tag")).rejects.toThrow("the tag key is unavailable");
        return batch(asked);
      },
    });
    expect(batches).toBe(4);
  });

  test("is completed by the next run if it is killed before or after any step", async () => {
    const steps = await countSteps();
    expect(steps).toBeGreaterThan(8);
    for (let kill = 1; kill <= steps; kill += 1) {
      for (const when of ["before", "after"] as const) {
        const installation = await createInstallation(5);
        const error = await failure(runKilled(installation, kill, when));
        expect(error.message).toBe("killed");
        installation.clock.advance(1_000);
        const finished = installation.tagKeys().every((key) => key.activeFrom <= installation.clock.now());
        const replaced = installation.tagKeys().length === 2 && finished;
        await retag({ ...installation, retagBatch: createBatch(installation.rows), batchSize: 2 });
        // Only a run that was killed after its very last write is complete; then the next run is a retag of its own.
        expect(replaced).toBe(kill === steps && when === "after");
        expectOneInUse(installation, replaced ? 3 : 2);
        await expectAllFound(installation);
      }
    }
  });

  test("makes one key even if each run is killed one step later than the one before", async () => {
    const installation = await createInstallation(5);
    let runs = 0;
    const isDone = async () => {
      runs += 1;
      return await runKilled(installation, runs, "before").then(
        () => true,
        () => false,
      );
    };
    while (!(await isDone()));
    expect(runs).toBeGreaterThan(5);
    expectOneInUse(installation, 2);
    await expectAllFound(installation);
  });

  test("uses one key if two runs begin at once", async () => {
    const installation = await createInstallation(20);
    const run = () => retag({ ...installation, retagBatch: createBatch(installation.rows), batchSize: 100 });
    const [one, two] = await Promise.all([run(), run()]);
    expect(one.keyId).toBe(two.keyId);
    expect(one.done + two.done).toBe(20);
    expectOneInUse(installation, 2);
    await expectAllFound(installation);
  });

  test("stops at a row that does not open, names it, and does not make the new key active", async () => {
    const installation = await createInstallation(3);
    const [first, second] = [...installation.rows.values()];
    installation.rows.set("row-1", { ...second!, sealed: first!.sealed });
    const run = () => retag({ ...installation, retagBatch: createBatch(installation.rows) });
    expect((await failure(run())).message).toContain("row-1");
    const retiredAt = installation.tagKeys()[0]?.retiredAt;
    installation.clock.advance(1_000);
    installation.rows.set("row-1", second!);
    await run();
    expect(installation.tagKeys()[0]?.retiredAt).toBe(retiredAt);
    expectOneInUse(installation, 2);
    await expectAllFound(installation);
  });

  test.each([false, true])(
    "changes nothing under secrets that open none of the keys; begun before: %s",
    async (isBegun) => {
      const installation = await createInstallation(5);
      if (isBegun) await failure(runKilled(installation, 4, "before"));
      const before = structuredClone(await installation.store.list());
      const run = retag({
        ...installation,
        secrets: [OTHER_SECRET],
        retagBatch: createBatch(installation.rows),
      });
      expect(await failure(run)).toBeInstanceOf(MissingSecretError);
      expect(await installation.store.list()).toEqual(before);
      await retag({ ...installation, retagBatch: createBatch(installation.rows) });
      await expectAllFound(installation);
    },
  );

  test("fails on an empty database without keys", async () => {
    const fixture = createFixture();
    const error = await failure(retag({ ...fixture, retagBatch: async () => ({ phones: 0, rows: 0 }) }));
    expect(error.message).toContain("no tag key");
    expect(await fixture.store.list()).toEqual([]);
  });
});

async function countSteps(): Promise<number> {
  const installation = await createInstallation(5);
  let steps = 0;
  const count = () => {
    steps += 1;
  };
  await runWatched(installation, { before: count });
  return steps;
}

function runKilled(installation: Installation, kill: number, when: "before" | "after") {
  let step = 0;
  const die = () => {
    step += 1;
    if (step === kill) throw new Error("killed");
  };
  return runWatched(installation, { [when]: die });
}

/** Runs a retag that calls the hooks before and after every call to the key store and every batch. */
function runWatched(installation: Installation, hooks: { before?(): void; after?(): void }) {
  const batch = createBatch(installation.rows);
  return retag({
    ...installation,
    store: watchKeyStore(installation.store, hooks),
    batchSize: 2,
    async retagBatch(asked) {
      hooks.before?.();
      const result = await batch(asked);
      hooks.after?.();
      return result;
    },
  });
}
