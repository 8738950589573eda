import { afterEach, describe, expect, test } from "vitest";
import type { Locale } from "../../../src/core/locale.ts";
import { createPhonekey } from "../../../src/core/phonekey.ts";
import { UnavailableError } from "../../../src/core/refusals.ts";
import type { Client } from "../../../src/core/verification/client.ts";
import { createTestVerifier } from "../../support/challenges.ts";
import { createTestSender } from "../../support/world.ts";
import { createRules, HOUR, MINUTE, PHONE, type Rules, SECOND } from "../rules.ts";

let rules: Rules | undefined;
afterEach(async () => {
  await rules?.close();
  rules = undefined;
});

describe.each(["database", "memory"] as const)(
  "a resend whose message is counted and then lost, with %s for state",
  (state) => {
    /** The store fails so many times, each time between the count of a message and the note of it. */
    const open = async (losses: number) => {
      let left = losses;
      rules = await createRules({
        state,
        settings: { limits: { resendMs: 30 * SECOND } },
        wrap: ({ verifications }) => ({
          verifications: {
            ...verifications,
            async resent(...args) {
              left -= 1;
              if (left >= 0) throw new UnavailableError("the database", { cause: undefined });
              return await verifications.resent(...args);
            },
          },
        }),
      });
      return rules;
    };

    test.each([1, 2])("does not keep later resends from going out, after %i of them", async (losses) => {
      const world = await open(losses);
      const { id, code } = await world.started();
      const resend = () => world.phonekey().verifications.resend({ id, client: {} });
      for (let n = 1; n <= losses; n++) {
        world.clock.advance(MINUTE);
        await expect(resend()).rejects.toBeInstanceOf(UnavailableError);
        expect(await resend()).toMatchObject({ refusal: { code: "too_many_requests" } });
      }
      world.clock.advance(2 * MINUTE);
      expect(await resend()).toMatchObject({ ok: true });
      expect(world.sms.sent).toHaveLength(2);
      expect(await resend()).toMatchObject({ refusal: { code: "too_many_requests" } });
      expect(await world.guess(id, code)).toBe("approved");
      expect(await world.start()).toHaveProperty("id");
    });
  },
);

test("once a verification has expired, only the browser that started it gets a new one by its id (T25)", async () => {
  rules = await createRules();
  const world = rules;
  const first = await world.started({ browser: "mine" });
  const again = (client: Client) =>
    world.phonekey().verifications.resendOrStart({ id: first.id, locale: "en", client });
  world.clock.advance(11 * MINUTE);
  for (const client of [{}, { browser: "another" }])
    expect(await again(client)).toMatchObject({ refusal: { code: "not_found" } });
  expect(world.sms.sent).toHaveLength(1);
  const next = await again({ browser: "mine" });
  expect(next.ok && next.value.id !== first.id).toBe(true);
  expect(world.sms.sent).toHaveLength(2);
});

test("which challenge a resend needs is told only to the browser that started the verification (T25)", async () => {
  const { verifier } = createTestVerifier("turnstile");
  rules = await createRules({ challenges: { verifier, when: "risk" } });
  const { id } = await rules.started({ browser: "mine" });
  const { forResend } = rules.phonekey().challenges;
  expect(await forResend({ id, client: { browser: "mine" } })).toMatchObject({ ok: true });
  for (const client of [{}, { browser: "another" }])
    expect(await forResend({ id, client })).toMatchObject({ refusal: { code: "not_found" } });
});

test("a resend is refused without asking the sender while the sender takes nothing for the phone", async () => {
  rules = await createRules();
  const { sms, clock } = rules;
  Object.assign(sms.sender, { holdsNumbers: true });
  const { id } = await rules.started();
  const resend = () => rules?.phonekey().verifications.resend({ id, client: {} });
  sms.answer({ status: "throttled", heldUntil: clock.now() + HOUR });
  for (let n = 0; n < 3; n++)
    expect(await resend()).toMatchObject({ refusal: { code: "too_many_requests" } });
  expect(sms.sent).toHaveLength(2);
});

test("a start in another language sends a held verification through a sender that has a text in its own", async () => {
  rules = await createRules();
  const senders = (["zh-CN", "en"] as const).map((locale) => {
    const one = createTestSender(locale);
    one.carry((message) => message.locale === locale);
    return one;
  });
  const route = senders.map(({ sender }) => sender);
  const { verifications } = createPhonekey({ ...rules.deps(), route });
  const client = { addressKey: "203.0.113.1", holdsByAddress: true };
  const start = (locale: Locale) => verifications.start({ phone: PHONE, purpose: "sign_in", locale, client });
  const first = await start("en");
  expect(await start("zh-CN")).toMatchObject({ ok: true, value: { id: first.ok && first.value.id } });
  expect(senders.map(({ sent }) => sent.length)).toEqual([0, 2]);
});
