import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { KEY_KINDS } from "../../src/core/keys.ts";

const text = readFileSync(join(import.meta.dirname, "../../docs/keys.md"), "utf8");
const KINDS = Object.keys(KEY_KINDS);

it("docs/keys.md has a row for every kind of key", () => {
  const rows = [...text.matchAll(/^\| `([a-z]+)` \| (?:HMAC|AES|ES)/gm)].map(([, kind]) => kind);
  expect(rows.sort()).toStrictEqual(KINDS.toSorted());
});

it("docs/keys.md renews every kind but the tag key after a leak", () => {
  const named = /every kind but `tag` \(`([a-z ]+)`\)/.exec(text)?.[1]?.split(" ");
  expect(named?.sort()).toStrictEqual(KINDS.filter((kind) => kind !== "tag").sort());
});
