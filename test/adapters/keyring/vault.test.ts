import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createKeyring } from "../../../src/adapters/keyring/keyring.ts";
import { retag } from "../../../src/adapters/keyring/retag.ts";
import { rotateKey } from "../../../src/adapters/keyring/rotate.ts";
import { createPhoneVault } from "../../../src/adapters/keyring/vault.ts";
import type { Phone } from "../../../src/core/phone.ts";
import { hmac } from "../../../src/core/secrets.ts";
import { createFixture, failure, printed, spellings } from "./fixtures.ts";

const PHONE = "+8613800138000" as Phone;
const phones = fc.stringMatching(/^\+[1-9][0-9]{6,14}$/).map((text) => text as Phone);

async function createVault() {
  const fixture = createFixture();
  const keyring = createKeyring(fixture);
  await keyring.ensure();
  return { ...fixture, keyring, vault: createPhoneVault({ keyring, random: fixture.random }) };
}

describe("vault: sealing", () => {
  test("a sealed phone opens in its own row, and in no other", async () => {
    const { vault } = await createVault();
    await fc.assert(
      fc.asyncProperty(phones, fc.uuid(), fc.uuid(), async (phone, row, other) => {
        fc.pre(row !== other);
        const sealed = await vault.seal(phone, row);
        expect(sealed).toMatch(/^v1\.d1-[0-9a-f]{8}\.[\w-]+$/);
        expect(sealed).not.toContain(phone.slice(1));
        expect(await vault.open(sealed, row)).toBe(phone);
        await expect(vault.open(sealed, other)).rejects.toThrow(/belongs to another row/);
      }),
      { numRuns: 50 },
    );
  });

  test("a changed sealed phone does not open", async () => {
    const { vault } = await createVault();
    const sealed = await vault.seal(PHONE, "row");
    for (let i = 0; i < sealed.length; i += 1) {
      const other = sealed[i] === "A" ? "B" : "A";
      await expect(vault.open(sealed.slice(0, i) + other + sealed.slice(i + 1), "row")).rejects.toThrow();
      await expect(vault.open(sealed.slice(0, i), "row")).rejects.toThrow();
    }
    for (const text of [`${sealed}=`, `${sealed}A`, ` ${sealed}`, `${sealed}\n`, `${sealed}.`, ""]) {
      await expect(vault.open(text, "row")).rejects.toThrow();
    }
  });

  test("the same phone is sealed to another text each time", async () => {
    const { vault } = await createVault();
    const sealed = await Promise.all(Array.from({ length: 100 }, () => vault.seal(PHONE, "row")));
    expect(new Set(sealed).size).toBe(100);
  });

  test("a sealed text does not open as a phone of its row, nor a sealed phone as a text", async () => {
    const { vault } = await createVault();
    const [phone, text] = [await vault.seal(PHONE, "row"), await vault.sealText(PHONE, "row")];
    expect(await vault.openText(text, "row")).toBe(PHONE);
    await expect(vault.open(text, "row")).rejects.toThrow(/belongs to another row/);
    await expect(vault.openText(phone, "row")).rejects.toThrow(/belongs to another row/);
  });

  test("after a rotation new rows use the new key and old rows still open, in every process", async () => {
    const { vault, ...fixture } = await createVault();
    const behind = createKeyring(fixture);
    const other = createPhoneVault({ keyring: behind, random: fixture.random });
    const old = await other.seal(PHONE, "row");
    const { id } = await rotateKey(fixture, "data");
    fixture.keyring.invalidate();
    const sealed = await vault.seal(PHONE, "row");
    expect(sealed).toContain(`.${id}.`);
    expect(await other.open(sealed, "row")).toBe(PHONE);
    expect(await vault.open(old, "row")).toBe(PHONE);
  });
});

describe("vault: tags", () => {
  test("a phone's tag is its MAC under the current key: the same each time, and different for each phone", async () => {
    const { vault, keyring } = await createVault();
    const key = await keyring.current("tag");
    expect(await vault.tag(PHONE)).toBe(`${key.id}.${hmac(key.material, PHONE).toString("base64url")}`);
    expect(await vault.tag(PHONE)).toBe(await vault.tag(PHONE));
    expect(await vault.tags(PHONE)).toEqual([await vault.tag(PHONE)]);
    await fc.assert(
      fc.asyncProperty(phones, phones, async (a, b) => {
        expect((await vault.tag(a)) === (await vault.tag(b))).toBe(a === b);
      }),
      { numRuns: 50 },
    );
  });

  test("two installations give a phone different tags", async () => {
    const [one, two] = await Promise.all([createVault(), createVault()]);
    const digest = async ({ vault }: typeof one) => (await vault.tag(PHONE)).split(".")[1];
    expect(await digest(one)).not.toBe(await digest(two));
  });

  test("a phone has a tag under each kept key, the current one first, and none under a pending key", async () => {
    const { vault, ...fixture } = await createVault();
    const old = await vault.tag(PHONE);
    const during: (readonly string[])[] = [];
    let crash = true;
    const retagBatch = async () => {
      if (crash) throw new Error("killed");
      return { phones: 0, rows: 0 };
    };
    await failure(retag({ ...fixture, retagBatch }));
    await expect(vault.tag(PHONE)).resolves.toBe(old);
    during.push(await vault.tags(PHONE));
    expect(during).toEqual([[old]]);
    fixture.keyring.invalidate();
    await expect(vault.tags(PHONE)).rejects.toThrow("the tag key is unavailable");
    crash = false;
    await retag({ ...fixture, retagBatch });
    fixture.clock.advance(1_000);
    expect(await vault.tags(PHONE)).toEqual([await vault.tag(PHONE), old]);
    expect(await vault.tag(PHONE)).not.toBe(old);
    fixture.clock.advance(31 * 86_400_000);
    expect(await vault.tags(PHONE)).toEqual([await vault.tag(PHONE)]);
  });

  test("a pending key that has retired no other is not the current key", async () => {
    const { vault, store, keyring, ...fixture } = await createVault();
    const killed = {
      ...store,
      retire: async () => {
        throw new Error("killed");
      },
    };
    await failure(retag({ ...fixture, store: killed, retagBatch: async () => ({ phones: 0, rows: 0 }) }));
    keyring.invalidate();
    expect(await keyring.all("tag")).toHaveLength(2);
    expect(await vault.tags(PHONE)).toEqual([await vault.tag(PHONE)]);
    expect(await vault.tag(PHONE)).toMatch(/^t1-/);
  });
});

test("no error of the vault shows a phone, a sealed phone or a key", async () => {
  const { vault, keyring } = await createVault();
  const sealed = await vault.seal(PHONE, "row");
  const errors = await Promise.all(
    [
      vault.open(sealed, "other"),
      vault.open(sealed.slice(0, -2), "row"),
      vault.open(`v1.d9-00000000.${sealed.split(".")[2]}`, "row"),
      vault.open(PHONE, "row"),
    ].map(failure),
  );
  const key = await keyring.current("data");
  const canaries = [PHONE.slice(1), ...spellings(key.material), ...spellings(PHONE), sealed.split(".")[2]!];
  for (const error of errors) for (const canary of canaries) expect(printed(error)).not.toContain(canary);
});
