import { describe, expect, test } from "vitest";
import { rotateKey } from "../../../src/adapters/keyring/rotate.ts";
import { KEY_KINDS, type KeyKind, PUBLISH_LEAD_MS } from "../../../src/core/keys.ts";
import { UnavailableError } from "../../../src/core/refusals.ts";
import { DAY_MS, failure } from "./fixtures.ts";
import { createReady } from "./ready.ts";

const KINDS = Object.keys(KEY_KINDS) as KeyKind[];

describe("keyring: which key is used", () => {
  test("a signing key is published before it signs", async () => {
    const { keyring, ...fixture } = await createReady();
    const old = await keyring.current("signing");
    const next = await rotateKey(fixture, "signing");
    keyring.invalidate();
    expect((await keyring.all("signing")).map((key) => key.id)).toEqual([next.id, old.id]);
    fixture.clock.advance(PUBLISH_LEAD_MS - 1);
    expect((await keyring.current("signing")).id).toBe(old.id);
    fixture.clock.advance(1);
    expect((await keyring.current("signing")).id).toBe(next.id);
  });

  test.each(KINDS.filter((kind) => kind !== "data" && kind !== "tag"))(
    "a %s key is kept for exactly its time after a newer one became active",
    async (kind) => {
      const { keyring, ...fixture } = await createReady();
      const old = await keyring.current(kind);
      fixture.clock.advance(500 * DAY_MS);
      const { id, activeFrom } = await rotateKey(fixture, kind);
      const keptMs = KEY_KINDS[kind].keptMs;
      fixture.clock.advance(activeFrom - fixture.clock.now() + keptMs - 1);
      expect(await keyring.find(kind, old.id)).toEqual(old);
      expect((await keyring.all(kind)).map((key) => key.id)).toEqual([id, old.id]);
      fixture.clock.advance(1);
      expect(await keyring.find(kind, old.id)).toBeUndefined();
      expect((await keyring.all(kind)).map((key) => key.id)).toEqual([id]);
    },
  );

  test("the time to keep a key counts from the first newer key, not from the newest", async () => {
    const { keyring, ...fixture } = await createReady();
    const old = await keyring.current("code");
    await rotateKey(fixture, "code");
    fixture.clock.advance(1_800_000);
    await rotateKey(fixture, "code");
    fixture.clock.advance(1_800_000);
    expect(await keyring.find("code", old.id)).toBeUndefined();
    expect(await keyring.all("code")).toHaveLength(2);
  });

  test("a data key is kept forever", async () => {
    const { keyring, ...fixture } = await createReady();
    const old = await keyring.current("data");
    await rotateKey(fixture, "data");
    fixture.clock.advance(10_000 * DAY_MS);
    expect(await keyring.find("data", old.id)).toEqual(old);
  });

  test("without an active tag key, current rejects as unavailable and asks the store once a second", async () => {
    const { keyring, store, clock } = await createReady();
    const { id } = await keyring.current("tag");
    await store.retire(id, clock.now());
    keyring.invalidate();
    const calls = store.calls.length;
    for (let tenth = 0; tenth < 20; tenth += 1) {
      clock.advance(100);
      const error = await failure(keyring.current("tag"));
      expect(error).toBeInstanceOf(UnavailableError);
      expect(error.message).toBe("the tag key is unavailable");
    }
    // One call after the invalidation, then one in each of the two seconds.
    expect(store.calls.length - calls).toBe(3);
    expect((await keyring.find("tag", id))?.id).toBe(id);
  });
});
