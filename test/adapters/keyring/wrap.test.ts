import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createKeyWrapper, MissingSecretError, NoSecretError } from "../../../src/adapters/keyring/wrap.ts";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import { OTHER_SECRET, printed, SECRET, spellings } from "./fixtures.ts";

const label = { id: "c1-0badcafe", kind: "code", sequence: 1 } as const;
const material = Buffer.from("canary-material-canary-material!");
const wrapper = createKeyWrapper([SECRET], systemRandom);

function errorOf(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error("It was expected to fail.");
}

describe("key wrapper", () => {
  test("unwraps any material as it was", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(Buffer.from(wrapper.unwrap({ ...label, ...wrapper.wrap(label, bytes) }))).toEqual(
          Buffer.from(bytes),
        );
      }),
    );
  });

  test("shows nothing of the material and never the same text twice", () => {
    const texts = Array.from({ length: 50 }, () => wrapper.wrap(label, material).wrapped);
    expect(new Set(texts).size).toBe(50);
    for (const text of texts) for (const form of spellings(material)) expect(text).not.toContain(form);
  });

  test("does not open a text in which any character was changed", () => {
    const row = { ...label, ...wrapper.wrap(label, material) };
    for (let i = 0; i < row.wrapped.length; i += 1) {
      const other = row.wrapped[i] === "A" ? "B" : "A";
      const changed = row.wrapped.slice(0, i) + other + row.wrapped.slice(i + 1);
      expect(() => wrapper.unwrap({ ...row, wrapped: changed })).toThrow(/does not unwrap/);
    }
  });

  test.each(["", "v1", "v1.", "v1.AAAA", "v2.AAAA", "nonsense"])("does not open %j", (wrapped) => {
    expect(() => wrapper.unwrap({ ...label, secretId: wrapper.secretId, wrapped })).toThrow(
      /does not unwrap/,
    );
  });

  test("does not open a text with something before, after or in it", () => {
    const row = { ...label, ...wrapper.wrap(label, material) };
    const texts = [
      `${row.wrapped}=`,
      `${row.wrapped}.`,
      ` ${row.wrapped}`,
      `${row.wrapped}\n`,
      row.wrapped.replace(".", ". "),
    ];
    for (const wrapped of texts) expect(() => wrapper.unwrap({ ...row, wrapped })).toThrow(/does not unwrap/);
  });

  test.each([{ id: "c1-0badcaff" }, { kind: "flow" as const }, { sequence: 2 }])(
    "does not open material that was moved to a row with another %o",
    (change) => {
      const row = { ...label, ...wrapper.wrap(label, material) };
      expect(() => wrapper.unwrap({ ...row, ...change })).toThrow(/does not unwrap/);
    },
  );
});

describe("the secrets of the key wrapper", () => {
  test("have ids that are stable, different, and tell nothing of the secret", () => {
    const id = wrapper.secretId;
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(createKeyWrapper([SECRET, OTHER_SECRET], systemRandom).secretId).toBe(id);
    expect(createKeyWrapper([OTHER_SECRET], systemRandom).secretId).not.toBe(id);
    expect(Buffer.from(SECRET).toString("hex")).not.toContain(id);
  });

  // Computed with HKDF and AES-GCM of node:crypto as the docstrings say, and an IV of the bytes 0 to 11.
  test("open what an older version wrapped; the secret's id is derived otherwise than its key", () => {
    const secretId = "61f5f89aecb9f712";
    const wrapped = "v1.AAECAwQFBgcICQoL1LkluEX2duVLo4aBkDsniISZxaB9LpWgOrIRdLkYWIcGt50Jx0TxW_5PgK0TR2Z0";
    expect(wrapper.secretId).toBe(secretId);
    expect(Buffer.from(wrapper.unwrap({ ...label, secretId, wrapped }))).toEqual(material);
  });

  test("the first one wraps, every one unwraps", () => {
    const row = { ...label, ...wrapper.wrap(label, material) };
    const both = createKeyWrapper([OTHER_SECRET, SECRET], systemRandom);
    expect(Buffer.from(both.unwrap(row))).toEqual(material);
    expect(both.wrap(label, material).secretId).not.toBe(row.secretId);
  });

  test("a missing one is named by its id with what to do, and not shown", () => {
    const row = { ...label, ...wrapper.wrap(label, material) };
    const error = errorOf(() => createKeyWrapper([OTHER_SECRET], systemRandom).unwrap(row));
    expect(error).toBeInstanceOf(MissingSecretError);
    expect(error.message).toContain(row.secretId);
    expect(error.message).toContain("PHONEKEY_SECRETS");
    expect(error.message).toMatch(/put that secret back/i);
  });

  test("none, or one that is too short, is refused", () => {
    expect(() => createKeyWrapper([], systemRandom)).toThrow(NoSecretError);
    expect(() => createKeyWrapper([SECRET, "x".repeat(31)], systemRandom)).toThrow(/32 bytes/);
    expect(() => createKeyWrapper(["密".repeat(10)], systemRandom)).toThrow(/32 bytes/);
    for (const secret of ["x".repeat(32), "密".repeat(11)])
      expect(() => createKeyWrapper([secret], systemRandom)).not.toThrow();
  });
});

test("no error of the key wrapper shows a secret or key material", () => {
  const row = { ...label, ...wrapper.wrap(label, material) };
  const errors = [
    errorOf(() => createKeyWrapper([OTHER_SECRET], systemRandom).unwrap(row)),
    errorOf(() => wrapper.unwrap({ ...row, sequence: 2 })),
    errorOf(() => wrapper.unwrap({ ...row, wrapped: row.wrapped.slice(0, -1) })),
    errorOf(() => createKeyWrapper([SECRET.slice(0, 20)], systemRandom)),
  ];
  const canaries = [SECRET, OTHER_SECRET, SECRET.slice(0, 20), material].flatMap(spellings);
  for (const error of errors) for (const canary of canaries) expect(printed(error)).not.toContain(canary);
});
