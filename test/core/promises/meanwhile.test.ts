import { describe, expect, test } from "vitest";
import type { Phone } from "../../../src/core/phone.ts";
import { unlockMark } from "../../../src/core/protection/budgets/ledger.ts";
import type { Ledger } from "../../../src/core/protection/budgets/ports.ts";
import { DAY, HOUR, isShort, MINUTE, PHONE, wrongCode } from "../rules.ts";
import { spend, useRules } from "./raced-rules.ts";

const open = useRules();

/** A ledger that runs `happens` after each read. */
function afterRead(ledger: Ledger, happens: () => Promise<void>): Ledger {
  return {
    record: (...args) => ledger.record(...args),
    read: async (...args) => {
      const read = await ledger.read(...args);
      await happens();
      return read;
    },
  };
}

describe.each(["database", "memory"] as const)("guesses on their way to the ledger (%s)", (state) => {
  test("are not granted again if they arrive after a start read the ledger and before it takes its limits", async () => {
    let meanwhile = async () => {};
    const world = await open({
      state,
      wrap: ({ ledger }) => ({ ledger: afterRead(ledger, () => meanwhile()) }),
    });
    for (let n = 0; n < 2; n++) await spend(world, await world.started());
    const last = await world.started();
    meanwhile = async () => {
      meanwhile = async () => {};
      await spend(world, last);
    };
    const granted = await world.started();
    expect(granted.codeLength).toBe(8);
    await spend(world, granted);
    const ledger = await world.ledger();
    expect(ledger.filter(isShort)).toHaveLength(9);
    expect(world.sms.sent).toHaveLength(4);
  });

  test("refuse a start if the day's guesses at longer codes are used up, too", async () => {
    let meanwhile = async () => {};
    const world = await open({
      state,
      wrap: ({ ledger }) => ({ ledger: afterRead(ledger, () => meanwhile()) }),
    });
    await spend(world, await world.started());
    world.clock.advance(2 * HOUR);
    for (let n = 0; n < 2; n++) await spend(world, await world.started());
    world.clock.advance(30 * DAY - 3 * HOUR);
    for (let n = 0; n < 3; n++) await spend(world, await world.started());
    world.clock.advance(HOUR);
    const last = await world.started();
    expect(last.codeLength).toBe(6);
    meanwhile = async () => {
      meanwhile = async () => {};
      await spend(world, last);
    };
    expect(await world.start()).toBe("too_many_requests");
    expect((await world.ledger()).map(({ codeLength }) => codeLength).slice(9)).toEqual([
      ...Array(9).fill(8),
      ...Array(3).fill(6),
    ]);
  });

  test("leave all three guesses to a start whose code they make longer", async () => {
    let meanwhile = async () => {};
    const world = await open({
      state,
      wrap: ({ ledger }) => ({ ledger: afterRead(ledger, () => meanwhile()) }),
    });
    for (let n = 0; n < 2; n++) await spend(world, await world.started());
    const last = await world.started();
    const guess = () => world.guess(last.id, wrongCode(last.code));
    for (let n = 0; n < 2; n++) await guess();
    meanwhile = async () => {
      meanwhile = async () => {};
      await guess();
    };
    const { id, codeLength } = await world.started();
    expect(codeLength).toBe(8);
    expect(await world.deps().verifications.find(id)).toMatchObject({ attemptsAllowed: 3 });
  });

  test("reduce the guesses that a start is granted by their number", async () => {
    let meanwhile = async () => {};
    const world = await open({
      state,
      wrap: ({ ledger }) => ({ ledger: afterRead(ledger, () => meanwhile()) }),
    });
    await spend(world, await world.started());
    const first = await world.started();
    meanwhile = async () => {
      meanwhile = async () => {};
      await world.guess(first.id, wrongCode(first.code));
    };
    await spend(world, await world.started());
    expect(await world.ledger()).toHaveLength(3 + 1 + 2);
    await spend(world, first);
    await spend(world, await world.started());
    expect(await world.ledger()).toHaveLength(9);
    expect(await world.start()).toMatchObject({ codeLength: 8 });
  });

  test("leave a start only the guesses that it set aside, even if an unlock comes in between", async () => {
    let meanwhile = async () => {};
    const world = await open({
      state,
      maxCodeLength: 6,
      wrap: ({ ledger }) => ({ ledger: afterRead(ledger, () => meanwhile()) }),
    });
    for (let n = 0; n < 3; n++) await spend(world, await world.started());
    world.clock.advance(1_000);
    meanwhile = async () => {
      meanwhile = async () => {};
      const { ledger, vault, random, clock } = world.deps();
      const now = clock.now();
      await ledger.record(random.uuid(now), await vault.tag(PHONE as Phone), "stranger", unlockMark(now));
    };
    // The one guess of the day, and the three of the unlock.
    const granted = [await world.started(), await world.started()];
    expect(await world.start()).toBe("too_many_requests");
    world.clock.advance(1_000);
    for (const each of granted) await spend(world, each);
    expect((await world.ledger()).filter(isShort)).toHaveLength(9 + 1 + 3);
  });

  test("stay set aside if their code expires meanwhile", async () => {
    let gate = Promise.resolve();
    let arrives = () => {};
    const world = await open({
      state,
      settings: { codeTtlMs: 10 * MINUTE },
      wrap: ({ ledger }) => ({
        ledger: {
          ...ledger,
          async record(...args) {
            await gate;
            await ledger.record(...args);
          },
        },
      }),
    });
    for (let n = 0; n < 2; n++) await spend(world, await world.started());
    const { id, code } = await world.started();
    for (let n = 0; n < 2; n++) await world.guess(id, wrongCode(code));
    world.clock.advance(10 * MINUTE - 1);
    gate = new Promise((resolve) => {
      arrives = resolve;
    });
    const last = world.guess(id, wrongCode(code));
    while ((await world.deps().verifications.find(id))?.attemptsUsed === 2) await new Promise(setImmediate);
    world.clock.advance(1_000);
    expect(await world.start()).toBe("too_many_requests");
    arrives();
    expect(await last).toBe("invalid_code");
    expect((await world.started()).codeLength).toBe(8);
  });

  test("stay set aside if the right guess overtakes them", async () => {
    let gate = Promise.resolve();
    const slow = ({ ledger }: { ledger: Ledger }) => ({
      ledger: {
        ...ledger,
        record: async (...args: Parameters<Ledger["record"]>) => {
          await gate;
          await ledger.record(...args);
        },
      },
    });
    const world = await open({ state, wrap: slow });
    for (let n = 0; n < 2; n++) await spend(world, await world.started());
    const { id, code } = await world.started();
    let arrives = () => {};
    gate = new Promise((resolve) => {
      arrives = resolve;
    });
    const wrong = world.guess(id, wrongCode(code));
    while ((await world.deps().verifications.find(id))?.attemptsUsed === 0) await new Promise(setImmediate);
    expect(await world.guess(id, code)).toBe("approved");
    const next = await world.started();
    arrives();
    expect(await wrong).toBe("invalid_code");
    await spend(world, next);
    expect(await world.ledger()).toHaveLength(9);
  });
});

describe.each(["database", "memory"] as const)("the order of steps (%s)", (state) => {
  test("a verification that no sender took is canceled before its guesses are given back", async () => {
    const given: unknown[] = [];
    const world = await open({
      state,
      wrap: ({ limits, verifications }) => ({
        limits: {
          ...limits,
          async release(key, member, count) {
            given.push((await verifications.find(member.replace(/\.1$/, "")))?.outcome);
            await limits.release(key, member, count);
          },
        },
      }),
    });
    world.sms.answer({ status: "rejected" });
    expect(typeof (await world.start())).toBe("string");
    expect(given).toEqual(["canceled"]);
  });

  test("a resend is not counted if its verification was approved meanwhile", async () => {
    let meanwhile = async () => {};
    const world = await open({
      state,
      settings: { limits: { phoneSends: [{ max: 2, windowMs: DAY }] } },
      wrap: ({ verifications }) => ({
        verifications: {
          ...verifications,
          async resent(...args) {
            await meanwhile();
            return await verifications.resent(...args);
          },
        },
      }),
    });
    const { client } = await world.knownDevice();
    world.clock.advance(DAY);
    const { id, code } = await world.started(client);
    meanwhile = async () => {
      expect(await world.guess(id, code)).toBe("approved");
    };
    const resent = await world.phonekey().verifications.resend({ id, client });
    expect(resent).toMatchObject({ refusal: { code: "too_many_requests" } });
    expect(await world.start(client)).toHaveProperty("id");
    expect(await world.start()).toBe("too_many_requests");
  });

  test("a request with a used Idempotency-Key counts nothing, even if the limits do not know the key", async () => {
    const world = await open({
      state,
      settings: { limits: { phoneSends: [{ max: 4, windowMs: DAY }] } },
      wrap: ({ limits, messages }) => ({
        limits: {
          ...limits,
          take: ({ limits: all, ...request }, now) =>
            limits.take({ ...request, limits: all.filter(({ name }) => name !== "idempotency") }, now),
        },
        messages: { ...messages, findByIdempotencyKey: async () => undefined },
      }),
    });
    const { start, resend } = world.phonekey().verifications;
    const idempotency = { key: "k".repeat(22), request: "" };
    const input = { phone: PHONE, purpose: "sign_in", locale: "en", client: {}, idempotency } as const;
    const first = await start(input);
    if (!first.ok) throw new Error(first.refusal.code);
    const running = { refusal: { code: "idempotency_in_progress" } };
    expect(await start(input)).toMatchObject(running);
    expect(await resend({ id: first.value.id, client: {}, idempotency })).toMatchObject(running);
    // Six tenths of four are a stranger's.
    expect(await world.start()).toHaveProperty("id");
    expect(await world.start()).toBe("too_many_requests");
  });

  test("an approval also ends the wait of a message that was resent just before it", async () => {
    let meanwhile = async () => {};
    const world = await open({
      state,
      settings: { limits: { resendMs: 30_000 } },
      wrap: ({ verifications }) => ({
        verifications: {
          ...verifications,
          async guess(...args) {
            await meanwhile();
            return await verifications.guess(...args);
          },
        },
      }),
    });
    const { id, code } = await world.started();
    world.clock.advance(MINUTE);
    meanwhile = async () => {
      expect(await world.phonekey().verifications.resend({ id, client: {} })).toMatchObject({ ok: true });
    };
    expect(await world.guess(id, code)).toBe("approved");
    expect(await world.start()).toHaveProperty("id");
  });
});
