import { afterEach, beforeEach, expect, test } from "vitest";
import { createUserTransferStore } from "../../src/adapters/sql/account/transfer.ts";
import { createTagKey } from "../../src/adapters/sql/keys/tag-key.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import type { UserTransferStore } from "../../src/core/transfer/ports.ts";
import { takeIn } from "../../src/core/transfer/take-in.ts";
import { readUserLines } from "../../src/core/transfer/user-line.ts";
import { addTagKey, aSession, aUser, fresh, NOW } from "../contracts/samples.ts";
import { openTestDatabase, type TestDatabase } from "../support/database.ts";
import { bytes, lineOf, phoneOf } from "./support.ts";

const clock = { now: () => NOW };
const POLICY = { defaultCountry: "CN", allowedCountries: "all", strictNumbers: false } as const;

let opened: TestDatabase;
let keyId: string;
let transfer: UserTransferStore;
beforeEach(async () => {
  opened = await openTestDatabase(clock);
  keyId = (await addTagKey(opened.stores.keys)).id;
  transfer = createUserTransferStore(opened.database, createTagKey({ clock, onStaleKey: () => {} }));
});
afterEach(() => opened.close());

const tagOf = (phone: string) => `${keyId}.${phone}`;
const vault = {
  tag: async (phone: string) => tagOf(phone),
  tags: async (phone: string): Promise<[string]> => [tagOf(phone)],
  seal: async () => fresh("sealed"),
  open: () => Promise.reject(new Error("nothing is opened")),
};

/** Calls `happens` between the look and the insert of the first round. */
async function takeInWhile(happens: () => Promise<unknown>, lines: string) {
  let rounds = 0;
  const add: UserTransferStore["add"] = async (users, now) => {
    rounds += 1;
    if (rounds === 1) await happens();
    return await transfer.add(users, now);
  };
  const batch = [];
  for await (const incoming of readUserLines(bytes(lines), POLICY, NOW)) batch.push(incoming);
  return await takeIn({ transfer: { ...transfer, add }, vault, clock, random: systemRandom }, batch);
}

const signUp = (phone: string) => {
  const { userId: _, ...session } = aSession("");
  return opened.stores.users.signIn({ user: aUser(tagOf(phone)), session });
};

test("an import keeps a user who signs up between its look and its insert", async () => {
  const outcomes = await takeInWhile(() => signUp(phoneOf(2)), lineOf(1) + lineOf(2) + lineOf(3));
  expect(outcomes).toEqual(["imported", "phone_taken", "imported"]);
  expect(await transfer.count()).toBe(3);
});

test("an import keeps a user whom another import adds meanwhile, as already there or with the id taken", async () => {
  const user = { unprovenSince: NOW, sealedPhone: "theirs" };
  const other = () =>
    transfer.add(
      [aUser(tagOf(phoneOf(1)), { ...user, id: "u1" }), aUser(tagOf("+1"), { ...user, id: "u2" })],
      NOW,
    );
  expect(await takeInWhile(other, lineOf(1) + lineOf(2) + lineOf(3))).toEqual([
    "already_there",
    "id_taken",
    "imported",
  ]);
  expect((await opened.stores.users.find("u1"))?.sealedPhone).toBe("theirs");
});

test("an import fails, and does not loop, if the database takes a user neither as new nor as known", async () => {
  const stuck = { ...transfer, add: async () => new Set<string>() };
  const batch = [];
  for await (const incoming of readUserLines(bytes(lineOf(1)), POLICY, NOW)) batch.push(incoming);
  await expect(takeIn({ transfer: stuck, vault, clock, random: systemRandom }, batch)).rejects.toThrow(
    "neither as new",
  );
});
