import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import type { SendOutcome } from "../../../src/core/delivery/ports.ts";
import type { Phone } from "../../../src/core/phone.ts";
import { aMessage } from "../../contracts/samples.ts";
import { HOUR, MINUTE, PHONE } from "../rules.ts";
import { setUp } from "./rules.ts";

const says = (status: SendOutcome["status"]): SendOutcome => ({ status });

describe("a notice", () => {
  test("goes to the user's phone once, and is recorded as a message without a code", async () => {
    const { rules, notices, promised, stateOf } = await setUp();
    const notice = await promised();
    await notices.send(notice);
    await notices.send(notice);
    const [sms, ...more] = rules.sms.sent;
    expect(more).toEqual([]);
    expect(sms).toMatchObject({ to: PHONE, purpose: "password_changed" });
    expect(sms).not.toHaveProperty("code");
    const messages = await rules.deps().receipts.messagesTo([notice.phoneTag], 5);
    const record = messages.find(({ id }) => id === sms?.id);
    // As a stranger's it would count towards the alert of an attack.
    expect(record).toMatchObject({ purpose: "password_changed", status: "accepted", bucket: "device" });
    const row = await stateOf(notice);
    expect(row).toMatchObject({ state: "sent", phone_tag: "", sealed_phone: "", due_at: null });
  });

  test("is sent once if twelve processes try at once", async () => {
    const { rules, noticesOn, promised } = await setUp();
    const notice = await promised();
    await Promise.all(Array.from({ length: 12 }, () => noticesOn().send(notice)));
    expect(rules.sms.sent).toHaveLength(1);
  });

  test("that its request did not send is sent by the periodic work, a minute later", async () => {
    const { rules, notices, promised } = await setUp();
    await promised();
    expect(await notices.sendDue(rules.clock.now(), () => false)).toEqual({ count: 0, isLast: true });
    rules.clock.advance(MINUTE);
    expect(await notices.sendDue(rules.clock.now(), () => false)).toEqual({ count: 1, isLast: true });
    expect(rules.sms.sent).toHaveLength(1);
  });

  test.each([
    ["accepted", { state: "sent" }],
    ["unavailable", { state: "waiting", due_at: 6 * MINUTE }],
  ] as const)(
    "neither expires nor is put off by the clock of a machine that is days ahead (%s)",
    async (status, expected) => {
      const { rules, notices, promised, stateOf } = await setUp();
      const from = rules.clock.now();
      const notice = await promised();
      rules.clock.advance(3 * 24 * HOUR);
      rules.sms.answer(says(status));
      expect(await notices.sendDue(from + MINUTE, () => false)).toEqual({ count: 1, isLast: true });
      const { state, due_at } = (await stateOf(notice)) ?? {};
      expect({ state, ...(due_at && { due_at: due_at - from }) }).toEqual(expected);
    },
  );

  test("leaves its sender the whole time even if the notices before it took long", async () => {
    const { rules, notices, promised, stateOf } = await setUp();
    const [from, both] = [rules.clock.now(), [await promised(), await promised()]];
    const leftMs: number[] = [];
    rules.sms.answer(async () => {
      const states = await Promise.all(both.map(stateOf));
      const claimed = states.find(({ state }) => state === "sending");
      leftMs.push((claimed?.due_at ?? 0) - rules.clock.now());
      rules.clock.advance(4 * MINUTE);
      return says("accepted");
    });
    rules.clock.advance(MINUTE);
    await notices.sendDue(from + MINUTE, () => false);
    expect(leftMs).toEqual([5 * MINUTE, 5 * MINUTE]);
  });

  test("is not sent again if the outcome of its send is unknown", async () => {
    const { rules, notices, promised, stateOf } = await setUp();
    rules.sms.answer(says("unknown"));
    const notice = await promised();
    await notices.send(notice);
    rules.clock.advance(HOUR);
    await notices.sendDue(rules.clock.now(), () => false);
    expect(rules.sms.sent).toHaveLength(1);
    expect(await stateOf(notice)).toMatchObject({ state: "sent" });
  });

  test("is not sent again if the process that claimed it was cut off", async () => {
    const { rules, notices, promised, stateOf } = await setUp();
    const notice = await promised();
    await rules
      .deps()
      .noticeStore.claim(notice.id, rules.clock.now() + 5 * MINUTE, aMessage({ phoneTag: notice.phoneTag }));
    rules.clock.advance(HOUR);
    await notices.sendDue(rules.clock.now(), () => false);
    expect(rules.sms.sent).toEqual([]);
    expect(await stateOf(notice)).toMatchObject({ state: "unknown", sealed_phone: "" });
  });

  test("is tried again if the database failed before the sender was asked", async () => {
    const { rules, notices, promised, stateOf, errors } = await setUp();
    const { db } = rules.database;
    const notice = await promised();
    const gone = "begin select raise(abort, 'gone'); end";
    await sql.raw(`create trigger noted before insert on messages ${gone}`).execute(db);
    await sql
      .raw(`create trigger back before update on notices when new.state = 'waiting' ${gone}`)
      .execute(db);
    await notices.send(notice);
    expect(errors).toHaveLength(1);
    expect(await stateOf(notice)).toMatchObject({ state: "waiting" });
    for (const name of ["noted", "back"]) await sql.raw(`drop trigger ${name}`).execute(db);
    rules.clock.advance(5 * MINUTE);
    await notices.sendDue(rules.clock.now(), () => false);
    expect(rules.sms.sent).toHaveLength(1);
    expect(await stateOf(notice)).toMatchObject({ state: "sent" });
  });

  test("that was drafted before a retag and stored after it is sent, under the new tag", async () => {
    const { rules, user, notices, noticesOn } = await setUp();
    const notice = await notices.draft("password_changed", user, { locale: "en" });
    const { keyId } = await rules.retag();
    await rules.restart();
    await rules.deps().noticeStore.add(notice);
    await noticesOn().send(notice);
    expect(rules.sms.sent).toMatchObject([{ to: PHONE, purpose: "password_changed" }]);
    const [tag = ""] = await rules.deps().vault.tags(PHONE as Phone);
    expect(tag.startsWith(keyId)).toBe(true);
    const messages = await rules.deps().receipts.messagesTo([tag], 5);
    expect(messages).toContainEqual(expect.objectContaining({ purpose: "password_changed" }));
  });

  test("that two processes send at once is recorded as one message", async () => {
    const { rules, noticesOn, promised } = await setUp();
    const notice = await promised();
    await Promise.all([noticesOn().send(notice), noticesOn().send(notice)]);
    const messages = await rules.deps().receipts.messagesTo([notice.phoneTag], 5);
    const told = messages.filter(({ purpose }) => purpose === notice.kind);
    expect(told).toMatchObject([{ status: "accepted" }]);
  });

  test("that two processes send at once counts once", async () => {
    const { noticesOn, promised, stateOf } = await setUp();
    for (let n = 0; n < 3; n += 1) {
      const notice = await promised();
      await Promise.all([noticesOn().send(notice), noticesOn().send(notice)]);
      expect(await stateOf(notice)).toMatchObject({ state: "sent" });
    }
  });

  test.each(["unavailable", "rejected", "throttled"] as const)(
    "that was certainly not sent (%s) is tried again, for a day",
    async (status) => {
      const { rules, notices, promised, stateOf } = await setUp();
      rules.sms.answer(says(status));
      const notice = await promised();
      await notices.send(notice);
      expect(await stateOf(notice)).toMatchObject({ state: "waiting" });
      for (let minutes = 0; minutes < 23 * 60; minutes += 5) {
        rules.clock.advance(5 * MINUTE);
        await notices.sendDue(rules.clock.now(), () => false);
      }
      expect(rules.sms.sent.length).toBeGreaterThan(3);
      expect(rules.sms.sent.length).toBeLessThanOrEqual(10);
      rules.clock.advance(2 * HOUR);
      await notices.sendDue(rules.clock.now(), () => false);
      expect(await stateOf(notice)).toMatchObject({ state: "expired" });
    },
  );

  test("that the carrier refuses ends as refused", async () => {
    const { rules, notices, promised, stateOf } = await setUp();
    rules.sms.answer(says("bad_number"));
    const notice = await promised();
    await notices.send(notice);
    expect(await stateOf(notice)).toMatchObject({ state: "refused" });
  });

  test.each([
    ["password_changed", "sent"],
    ["password_reset", "sent"],
    ["phone_change_started", "sent"],
    ["phone_changed", "opted_out"],
    ["factor_added", "opted_out"],
    ["factor_removed", "opted_out"],
    ["recovery_code_used", "opted_out"],
    ["login_protection_off", "opted_out"],
  ] as const)(
    "%s to a phone that opted out ends as %s: what there is a day to stop goes out",
    async (kind, state) => {
      const { rules, notices, promised, stateOf } = await setUp();
      const notice = await promised({ kind });
      const { phoneTag, sealedPhone } = notice;
      await rules.deps().replies.optOut({ id: "opt-out", phoneTag, sealedPhone, at: rules.clock.now() });
      await notices.send(notice);
      expect(rules.sms.sent).toHaveLength(state === "sent" ? 1 : 0);
      expect(await stateOf(notice)).toMatchObject({ state, phone_tag: "" });
    },
  );

  test("of a change that takes effect at once goes to a phone that opted out, too: no earlier one told of it", async () => {
    const { rules, notices, promised, stateOf } = await setUp({ settings: { phoneChangeMs: 0 } });
    const notice = await promised({ kind: "phone_changed" });
    const { phoneTag, sealedPhone } = notice;
    await rules.deps().replies.optOut({ id: "opt-out", phoneTag, sealedPhone, at: rules.clock.now() });
    await notices.send(notice);
    expect(await stateOf(notice)).toMatchObject({ state: "sent" });
  });

  test("to a phone that the sender takes nothing for waits until the sender does", async () => {
    const { rules, noticesOn, promised, stateOf } = await setUp();
    const held = noticesOn({ route: [{ ...rules.sms.sender, holdsNumbers: true }] });
    const until = rules.clock.now() + HOUR;
    rules.sms.answer({ status: "throttled", heldUntil: until });
    await held.send(await promised());
    const notice = await promised();
    await held.send(notice);
    expect(rules.sms.sent).toHaveLength(1);
    expect(await stateOf(notice)).toMatchObject({ state: "waiting", due_at: until });
    rules.sms.answer(says("accepted"));
    rules.clock.advance(HOUR);
    await held.sendDue(rules.clock.now(), () => false);
    expect(await stateOf(notice)).toMatchObject({ state: "sent" });
  });

  test("is given up if no sender has a text for it", async () => {
    const { notices, noticesOn, rules, promised, stateOf } = await setUp();
    const notice = await promised();
    await noticesOn({ route: [{ ...rules.sms.sender, carries: () => false }] }).send(notice);
    await notices.send(notice);
    expect(rules.sms.sent).toEqual([]);
    expect(await stateOf(notice)).toMatchObject({ state: "no_text" });
  });

  test("does not fail its request if the limits fail, and is left to the periodic work", async () => {
    const { rules, notices, noticesOn, promised, errors } = await setUp(
      {},
      {
        takeSend: async () => {
          throw new Error("the limits are away");
        },
      },
    );
    const notice = await promised();
    await notices.send(notice);
    expect(errors).toHaveLength(1);
    expect(await rules.deps().noticeStore.findWaiting(notice.id)).toBeDefined();
    await expect(noticesOn().sendDue(rules.clock.now(), () => false)).resolves.toEqual({
      count: 0,
      isLast: true,
    });
  });

  test("that cannot be decrypted holds up no other, and expires after a day", async () => {
    const { rules, notices, promised, stateOf } = await setUp();
    const damaged = await promised();
    const { db } = rules.database;
    await db.updateTable("notices").set({ sealed_phone: "v1.x.y" }).where("id", "=", damaged.id).execute();
    rules.clock.advance(1);
    const sound = await promised();
    rules.clock.advance(MINUTE);
    await expect(notices.sendDue(rules.clock.now(), () => false)).rejects.toThrow(damaged.id);
    expect(await stateOf(sound)).toMatchObject({ state: "sent" });
    expect(await notices.sendDue(rules.clock.now(), () => false)).toEqual({ count: 0, isLast: true });
    rules.clock.advance(24 * HOUR);
    expect(await notices.sendDue(rules.clock.now(), () => false)).toEqual({ count: 1, isLast: true });
    expect(await stateOf(damaged)).toMatchObject({ state: "expired" });
  });
});
