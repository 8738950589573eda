import { afterEach, beforeEach, expect, test } from "vitest";
import type { Phone } from "../../src/core/phone.ts";
import { createPhonekey } from "../../src/core/phonekey.ts";
import { createRules, MINUTE, PHONE, type Rules } from "../core/rules.ts";
import { PASSWORD } from "./support.ts";

let rules: Rules;
beforeEach(async () => {
  rules = await createRules();
});
afterEach(() => rules.close());

/** Moves the account to another number at once. */
async function move(userId: string): Promise<void> {
  const { phoneChanges, sessions, vault, clock } = rules.deps();
  const now = clock.now();
  const [session] = await sessions.list(userId, now);
  const phoneTag = await vault.tag("+8613912345678" as Phone);
  const change = {
    ...{
      id: "change",
      userId,
      sessionId: session?.id ?? "",
      phoneTag,
      sealedPhone: "sealed",
      stopHash: "stop",
    },
    ...({ locale: "en", createdAt: now, dueAt: now } as const),
  };
  expect(await phoneChanges.propose(change, [])).toBe("proposed");
  expect(await phoneChanges.apply(change, { sealedPhone: "sealed", notices: [] }, now)).toBe("applied");
}

async function erase(userId: string): Promise<void> {
  const { accounts, clock } = rules.deps();
  const erasure = { userId, tags: [], id: "erasure", by: "operator", at: clock.now() } as const;
  expect(await accounts.erase(erasure)).toBe(true);
}

test.each([
  ["moved to another number", move],
  ["was erased", erase],
] as const)(
  "a reset with the right code fails with user_not_found if the account %s just before",
  async (_, happens) => {
    const { user } = (await rules.knownDevice()).signedIn;
    rules.clock.advance(MINUTE);
    const asked = { phone: PHONE, purpose: "reset_password", locale: "en", client: {} } as const;
    const started = await rules.phonekey().verifications.start(asked);
    if (!started.ok) throw new Error(started.refusal.code);
    const verificationId = started.value.id;
    const code = await rules.codeOf(verificationId);
    const deps = rules.deps();
    const findByTag = async (tag: string) => {
      const holder = await deps.passwordStore.findByTag(tag);
      await happens(user.id);
      return holder;
    };
    const phonekey = createPhonekey({ ...deps, passwordStore: { ...deps.passwordStore, findByTag } });
    const sent = rules.sms.sent.length;
    const reset = { verificationId, code, newPassword: PASSWORD, locale: "en", client: {} } as const;
    expect(await phonekey.passwords.reset(reset)).toMatchObject({
      ok: false,
      refusal: { code: "user_not_found" },
    });
    expect((await deps.passwordStore.find(user.id))?.sealedHash).toBeUndefined();
    expect(rules.sms.sent).toHaveLength(sent);
  },
);
