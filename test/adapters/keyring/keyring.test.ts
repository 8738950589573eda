import { createPrivateKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createKeyring } from "../../../src/adapters/keyring/keyring.ts";
import { rotateKey } from "../../../src/adapters/keyring/rotate.ts";
import { createKeyWrapper, MissingSecretError } from "../../../src/adapters/keyring/wrap.ts";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import { KEY_KINDS, type KeyKind } from "../../../src/core/keys.ts";
import { UnavailableError } from "../../../src/core/refusals.ts";
import { createMemoryKeyStore } from "../../support/key-store.ts";
import { createFixture, failure, OTHER_SECRET, printed, SECRET, spellings } from "./fixtures.ts";
import { createReady } from "./ready.ts";

const KINDS = Object.keys(KEY_KINDS) as KeyKind[];

describe("keyring.ensure", () => {
  test("makes one key of each kind, usable at once and fit for its algorithm", async () => {
    const { keyring, rows } = await createReady();
    expect(rows.size).toBe(KINDS.length);
    for (const kind of KINDS) {
      const key = await keyring.current(kind);
      expect(key.id).toMatch(/^[a-z]1-[0-9a-f]{8}$/);
      expect(await keyring.find(kind, key.id)).toEqual(key);
      expect(await keyring.all(kind)).toEqual([key]);
      if (KEY_KINDS[kind].algorithm !== "ES256") expect(key.material).toHaveLength(32);
    }
    const signing = await keyring.current("signing");
    const pem = createPrivateKey({ key: Buffer.from(signing.material), format: "der", type: "pkcs8" });
    expect(pem.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
  });

  test("begins the ids of each kind with another letter", async () => {
    const { rows } = await createReady();
    expect(new Set([...rows.keys()].map((id) => id[0])).size).toBe(KINDS.length);
  });

  test("makes one key of each kind if ten processes start at once", async () => {
    const fixture = createFixture();
    const keyrings = Array.from({ length: 10 }, () => createKeyring(fixture));
    await Promise.all(keyrings.map((keyring) => keyring.ensure()));
    expect(await fixture.store.list()).toHaveLength(KINDS.length);
    for (const kind of KINDS) {
      const current = await Promise.all(keyrings.map((keyring) => keyring.current(kind)));
      expect(new Set(current.map((key) => Buffer.from(key.material).toString("hex"))).size).toBe(1);
    }
  });

  test("changes nothing when it is run again, except to add a missing kind", async () => {
    const { keyring, rows } = await createReady();
    const before = structuredClone([...rows.values()]);
    await keyring.ensure();
    expect([...rows.values()]).toEqual(before);
    rows.delete((await keyring.current("flow")).id);
    await keyring.ensure();
    expect((await keyring.current("flow")).id).not.toBe(before.find((row) => row.kind === "flow")?.id);
    expect(rows.size).toBe(KINDS.length);
  });

  test("serves a process whose clock lags behind the one that made the keys", async () => {
    const { keyring, clock } = await createReady();
    clock.advance(-5_000);
    keyring.invalidate();
    for (const kind of KINDS) await expect(keyring.current(kind)).resolves.toBeDefined();
  });

  test("leaves the kinds of a newer version alone", async () => {
    const { keyring, rows } = await createReady();
    const [row] = rows.values();
    rows.set("x1-00000000", { ...row!, id: "x1-00000000", kind: "later" as KeyKind });
    await keyring.ensure();
    expect(await keyring.find("tag", "x1-00000000")).toBeUndefined();
  });

  test("names a secret that was removed too early, and adds no key under another one", async () => {
    const { keyring, store, clock, rows } = await createReady();
    rows.delete((await keyring.current("flow")).id);
    const late = createKeyring({ store, clock, secrets: [OTHER_SECRET], random: systemRandom });
    const error = await failure(late.ensure());
    expect(rows.size).toBe(KINDS.length - 1);
    expect(error).toBeInstanceOf(MissingSecretError);
    expect(error.message).toContain([...rows.values()][0]?.secretId);
    for (const canary of [SECRET, OTHER_SECRET].flatMap(spellings)) {
      expect(printed(error)).not.toContain(canary);
    }
  });
});

describe("the keyring's cache", () => {
  test("is read again after cacheMs and not before", async () => {
    const { keyring, store, clock } = await createReady();
    const calls = store.calls.length;
    clock.advance(29_999);
    await keyring.current("code");
    expect(store.calls).toHaveLength(calls);
    clock.advance(1);
    await Promise.all(Array.from({ length: 50 }, () => keyring.current("code")));
    expect(store.calls).toHaveLength(calls + 1);
  });

  test("is read again after invalidate, also if a load of the old state is under way", async () => {
    const memory = createMemoryKeyStore();
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let slow = false;
    const store = {
      ...memory,
      async list() {
        const rows = await memory.list();
        if (slow) await gate;
        return rows;
      },
    };
    const fixture = createFixture(store);
    const keyring = createKeyring(fixture);
    await keyring.ensure();
    slow = true;
    fixture.clock.advance(30_000);
    const early = keyring.current("code");
    const { id } = await rotateKey({ ...fixture, store: memory }, "code");
    keyring.invalidate();
    const late = keyring.current("code");
    open();
    expect((await early).id).not.toBe(id);
    expect((await late).id).toBe(id);
  });

  test("is loaded at most twice if many invalidate at once", async () => {
    const { keyring, store } = await createReady();
    const calls = store.calls.length;
    await Promise.all(
      Array.from({ length: 200 }, () => {
        keyring.invalidate();
        return keyring.current("code");
      }),
    );
    expect(store.calls.length - calls).toBeLessThanOrEqual(2);
  });

  test("serves for ten minutes while the store is down, then fails like the store, then recovers", async () => {
    const { keyring, clock, errors, store, setDown } = await createReady();
    setDown(true);
    clock.advance(31_000);
    const calls = store.calls.length;
    for (let i = 0; i < 100; i += 1) await expect(keyring.current("code")).resolves.toBeDefined();
    expect(store.calls).toHaveLength(calls + 1);
    expect(errors).toHaveLength(1);
    clock.advance(9 * 60_000);
    await expect(keyring.current("code")).resolves.toBeDefined();
    clock.advance(60_000);
    expect(await failure(keyring.current("code"))).toBeInstanceOf(UnavailableError);
    setDown(false);
    await expect(keyring.current("code")).resolves.toBeDefined();
  });

  test("is not kept longer when the clock is set back", async () => {
    const { keyring, clock, store } = await createReady();
    clock.advance(-3_600_000);
    const calls = store.calls.length;
    await keyring.current("code");
    expect(store.calls).toHaveLength(calls + 1);
  });

  test("keeps the keys that it has after a re-wrap under a secret that this process does not have", async () => {
    const { keyring, rows, clock } = await createReady();
    const key = await keyring.current("code");
    const next = createKeyWrapper([OTHER_SECRET], systemRandom);
    const row = rows.get(key.id)!;
    rows.set(key.id, { ...row, ...next.wrap(row, key.material) });
    clock.advance(20 * 60_000);
    expect(await keyring.current("code")).toEqual(key);
  });

  test("cannot read a new key under a secret that this process does not have, as if the store were down", async () => {
    const { keyring, ...fixture } = await createReady();
    const known = await keyring.current("refresh");
    const { id } = await rotateKey({ ...fixture, secrets: [OTHER_SECRET, SECRET] }, "refresh");
    for (let i = 0; i < 2; i += 1) {
      expect(await failure(keyring.find("refresh", id))).toBeInstanceOf(UnavailableError);
    }
    expect(await keyring.find("refresh", known.id)).toEqual(known);
    fixture.clock.advance(10 * 60_000);
    expect(await failure(keyring.current("refresh"))).toBeInstanceOf(UnavailableError);
  });
});

describe("keyring.find", () => {
  test("finds a key that another process has just added", async () => {
    const { keyring, ...fixture } = await createReady();
    const { id } = await rotateKey(fixture, "refresh");
    expect((await keyring.find("refresh", id))?.id).toBe(id);
    expect((await keyring.current("refresh")).id).toBe(id);
  });

  test("finds a new key for all who ask at the same moment, by one query", async () => {
    const { keyring, store, ...fixture } = await createReady();
    const { id } = await rotateKey({ store, ...fixture }, "refresh");
    const calls = store.calls.length;
    const found = await Promise.all(Array.from({ length: 50 }, () => keyring.find("refresh", id)));
    expect(found.map((key) => key?.id)).toEqual(found.map(() => id));
    expect(store.calls).toHaveLength(calls + 1);
  });

  test("finds a key under no other kind", async () => {
    const { keyring } = await createReady();
    for (const kind of KINDS) {
      const { id } = await keyring.current(kind);
      for (const other of KINDS.filter((name) => name !== kind)) {
        expect(await keyring.find(other, id)).toBeUndefined();
      }
    }
  });

  test("a flood of made-up ids causes one query a second", async () => {
    const { keyring, store, clock } = await createReady();
    const calls = store.calls.length;
    for (let tenth = 0; tenth < 100; tenth += 1) {
      const ids = Array.from({ length: 30 }, (_, i) => `r1-${tenth}-${i}`);
      const found = await Promise.all(ids.map((id) => keyring.find("refresh", id)));
      expect(found.every((key) => key === undefined)).toBe(true);
      clock.advance(100);
    }
    const queries = store.calls.length - calls;
    expect(queries).toBeGreaterThan(1);
    expect(queries).toBeLessThanOrEqual(10);
  });

  test("takes names of Object.prototype for unknown ids", async () => {
    const { keyring } = await createReady();
    for (const id of ["__proto__", "constructor", "", "\u0000"]) {
      expect(await keyring.find("page", id)).toBeUndefined();
    }
  });

  test("rejects as unavailable for an unknown id while the store is down", async () => {
    const { keyring, setDown } = await createReady();
    const known = await keyring.current("refresh");
    setDown(true);
    for (let i = 0; i < 3; i += 1) {
      expect(await failure(keyring.find("refresh", "r2-00000000"))).toBeInstanceOf(UnavailableError);
    }
    expect(await keyring.find("refresh", known.id)).toEqual(known);
  });
});
