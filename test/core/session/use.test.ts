import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SignedIn } from "../../../src/core/session/session.ts";
import { createRules, DAY, HOUR, MINUTE, type Rules, wrongCode } from "../rules.ts";

/** So long that a session ends here only because it is not used. */
const LONG = { accessTokenMs: 15 * MINUTE, sessionMs: 365 * DAY, idleMs: 14 * DAY };

describe("a session of the pages", () => {
  let rules: Rules;
  let page: SignedIn;
  let token: string;
  beforeEach(async () => {
    rules = await createRules({ settings: { session: LONG } });
    page = (await rules.knownDevice()).signedIn;
    token = await rules.phonekey().sessions.pageToken(page.session);
  });
  afterEach(() => rules.close());

  const isIn = async () => (await rules.phonekey().sessions.authenticatePage(token)).ok;
  const lastUsedAt = async () => (await rules.deps().sessions.find(page.session.id))?.session.lastUsedAt;

  test("stays open while it is used, and ends after two weeks without use", async () => {
    rules.clock.advance(10 * DAY);
    expect(await isIn()).toBe(true);
    rules.clock.advance(14 * DAY - 1);
    expect(await isIn()).toBe(true);
    rules.clock.advance(14 * DAY);
    expect(await isIn()).toBe(false);
  });

  test("has its last use written once an hour at most", async () => {
    const openedAt = page.session.lastUsedAt;
    rules.clock.advance(HOUR - 1);
    await isIn();
    expect(await lastUsedAt()).toBe(openedAt);
    rules.clock.advance(1);
    await isIn();
    expect(await lastUsedAt()).toBe(openedAt + HOUR);
  });
});

test("the list of sessions leaves out one that was not used for two weeks", async () => {
  const rules = await createRules({ settings: { session: LONG } });
  const own = (await rules.knownDevice()).signedIn;
  await rules.knownDevice();
  rules.clock.advance(14 * DAY - 1);
  await rules.deps().sessions.touch(own.session.id, rules.clock.now());
  rules.clock.advance(1);
  expect(await rules.phonekey().sessions.list(own)).toMatchObject([{ id: own.session.id }]);
  await rules.close();
});

describe("a device that was signed in on", () => {
  let rules: Rules;
  let known: Awaited<ReturnType<Rules["knownDevice"]>>;
  beforeEach(async () => {
    rules = await createRules();
    known = await rules.knownDevice();
  });
  afterEach(() => rules.close());

  const wrongGuesses = async () => {
    const { id, code } = await rules.started(known.client);
    await rules.guess(id, wrongCode(code), known.client);
    const [ofDevice, ofStranger] = [await rules.ledger("device"), await rules.ledger("stranger")];
    return { device: ofDevice.length, stranger: ofStranger.length };
  };

  test("stays known after a sign-out", async () => {
    const { user, session } = known.signedIn;
    await rules.phonekey().sessions.end({ user, session }, session.id);
    expect(await wrongGuesses()).toEqual({ device: 1, stranger: 0 });
  });

  test("is a stranger's while the account is unproven, as after an erasure and another import", async () => {
    const { db } = rules.database;
    await db
      .updateTable("users")
      .set({ unproven_since: 1 })
      .where("id", "=", known.signedIn.user.id)
      .execute();
    expect(await wrongGuesses()).toEqual({ device: 0, stranger: 1 });
  });
});

test("a session that has ended cannot end another one of its user", async () => {
  const rules = await createRules();
  const [own, other] = [(await rules.knownDevice()).signedIn, (await rules.knownDevice()).signedIn];
  const { sessions } = rules.phonekey();
  const principal = { user: own.user, session: own.session };
  await sessions.end(principal, own.session.id);
  const ended = await sessions.end(principal, other.session.id);
  expect(ended).toMatchObject({ refusal: { code: "not_found" } });
  expect(await sessions.list(principal)).toMatchObject([{ id: other.session.id }]);
  await rules.close();
});
