import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FactorStore } from "../../src/core/account/factors/ports.ts";
import type { UserStore } from "../../src/core/account/ports.ts";
import type { MessageStore } from "../../src/core/delivery/ports.ts";
import type { ReceiptStore, ReplyStore } from "../../src/core/delivery/receipt-ports.ts";
import type { KeyStore } from "../../src/core/keys.ts";
import type { AccountStore } from "../../src/core/life/account-ports.ts";
import type { NoticeStore } from "../../src/core/notices/ports.ts";
import type { Ledger } from "../../src/core/protection/budgets/ports.ts";
import type { SessionStore } from "../../src/core/session/ports.ts";
import { aNotice } from "./notice-store.ts";
import { addTagKey, aMessage, aSession, aUser, DAY, fresh, NOW, parallel } from "./samples.ts";

export interface OpenAccountStore {
  readonly accounts: AccountStore;
  readonly users: UserStore;
  readonly sessions: SessionStore;
  readonly factorStore: FactorStore;
  readonly noticeStore: NoticeStore;
  readonly messages: MessageStore;
  readonly replies: ReplyStore;
  readonly receipts: ReceiptStore;
  readonly ledger: Ledger;
  readonly keys: KeyStore;
  close(): Promise<void>;
}

/** The promises of `AccountStore`, for every store: what is handed over of an account, and what an erasure leaves. */
export function accountStoreContract(name: string, open: () => Promise<OpenAccountStore>): void {
  describe(`${name}: account store`, () => {
    let opened: OpenAccountStore;
    let newTag: () => string;
    beforeAll(async () => {
      opened = await open();
      newTag = (await addTagKey(opened.keys)).tag;
    });
    afterAll(() => opened.close());

    const erasure = (userId: string, tags: readonly string[] = []) =>
      ({ userId, tags, id: fresh("erasure"), by: "user", at: NOW }) as const;

    /** An account with something of everything that is kept about people. */
    async function account() {
      const phoneTag = newTag();
      const user = aUser(phoneTag);
      const session = aSession(user.id, { amr: ["sms", "otp"] });
      await opened.users.signIn({ user, session });
      const app = { userId: user.id, kind: "totp", label: "Ada’s 手机", createdAt: NOW } as const;
      const factorId = fresh("factor");
      const changer = { userId: user.id, sessionId: session.id };
      await opened.factorStore.propose({ ...app, id: factorId, sealedSecret: "sealed secret" }, session.id);
      const notice = aNotice({ userId: user.id, phoneTag });
      await opened.factorStore.confirm({ ...changer, id: factorId, step: 1 }, notice);
      await opened.factorStore.setRecoveryCodes(changer, ["hash"], aNotice({ userId: user.id, phoneTag }));
      const answer = { codeLength: 6, expiresAt: NOW + DAY, resendAt: NOW };
      const idempotency = { key: fresh("key"), fingerprint: "f", answer };
      const message = aMessage({ phoneTag, idempotency });
      await opened.messages.create(message);
      const reply = { id: fresh("reply"), phoneTag, sealedPhone: "sealed", sealedText: "text", at: NOW };
      await opened.replies.keepReply(reply);
      await opened.replies.optOut({ ...reply, id: fresh("opt-out") });
      await opened.ledger.record(fresh("failure"), phoneTag, "stranger", { at: NOW, codeLength: 6 });
      return { user, session, phoneTag, notice, message, reply };
    }

    test("reads what is kept about the user, without secrets and hashes", async () => {
      const { user, session, phoneTag, reply } = await account();
      const data = await opened.accounts.read(user.id, [phoneTag]);
      expect(data).toMatchObject({
        user: { id: user.id },
        factors: [{ kind: "totp", label: "Ada’s 手机", createdAt: NOW }],
        sessions: [{ id: session.id, methods: ["sms", "otp"], userAgent: session.userAgent }],
        messages: [{ purpose: "sign_in", status: "sending", at: NOW }],
        replies: [{ id: reply.id, sealedText: "text", at: NOW }],
      });
      expect(data?.events.map(({ type }) => type).sort()).toEqual([
        "factor_added",
        "factor_added",
        "sign_in",
        "sign_up",
      ]);
      expect(data?.notices).toHaveLength(2);
      expect(JSON.stringify(data)).not.toMatch(/sealed secret|"hash"/);
      await opened.accounts.noteExport(user.id, "operator", NOW + 1);
      const later = await opened.accounts.read(user.id, [phoneTag]);
      expect(later?.events.at(-1)).toEqual({ type: "account_exported_by_operator", at: NOW + 1 });
    });

    test("reads nothing of the former user of the number, and nothing of an unknown user", async () => {
      const former = await account();
      const user = aUser(newTag(), { createdAt: NOW + DAY });
      await opened.users.signIn({ user, session: aSession(user.id, { createdAt: NOW + DAY }) });
      const data = await opened.accounts.read(user.id, [former.phoneTag]);
      expect(data).toMatchObject({ factors: [], messages: [], replies: [], notices: [] });
      expect(data?.sessions).toHaveLength(1);
      expect(await opened.accounts.read(fresh("user"), [former.phoneTag])).toBeUndefined();
    });

    test("erases what names the user, and keeps what counts against the phone", async () => {
      const [{ user, session, phoneTag, notice, message }, other] = [await account(), await account()];
      expect(await opened.accounts.erase(erasure(user.id, [phoneTag, newTag()]))).toBe(true);
      expect(await opened.accounts.read(user.id, [phoneTag])).toBeUndefined();
      expect(await opened.users.find(user.id)).toBeUndefined();
      expect(await opened.sessions.find(session.id)).toBeUndefined();
      expect(await opened.factorStore.list(user.id)).toEqual([]);
      expect(await opened.factorStore.countRecoveryCodes(user.id)).toBe(0);
      expect(await opened.noticeStore.findWaiting(notice.id)).toBeUndefined();
      expect(await opened.replies.repliesOf([phoneTag], 9)).toEqual([]);
      const key = message.idempotency?.key ?? "";
      expect(await opened.messages.findByIdempotencyKey(key, NOW - DAY)).toBeUndefined();

      expect(await opened.ledger.read([phoneTag], "stranger", NOW - DAY)).toHaveLength(1);
      expect(await opened.replies.isOptedOut([phoneTag])).toBe(true);
      expect(await opened.replies.wasSentTo([phoneTag])).toBe(true);
      expect(await opened.accounts.read(other.user.id, [other.phoneTag])).toMatchObject({
        factors: [{}],
        sessions: [{}],
        messages: [{}],
        replies: [{}],
      });
    });

    test("keeps no provider's id of an erased user's messages, even if the provider answers after the erasure", async () => {
      const [{ user, phoneTag, message }, other] = [await account(), await account()];
      const answer = { providerId: "p", providerCode: "Ok", requestId: "r", fee: 1 };
      const outcome = { status: "accepted", sender: "console", price: 5, ...answer } as const;
      const before = aMessage({ phoneTag });
      await opened.messages.create(before);
      await opened.messages.finish(before.id, outcome);
      expect(await opened.accounts.erase(erasure(user.id, [phoneTag]))).toBe(true);
      for (const { id } of [message, other.message]) await opened.messages.finish(id, outcome);
      const { providerId: _, requestId: __, ...kept } = outcome;
      const erased = await opened.receipts.messagesTo([phoneTag], 9);
      expect(erased).toHaveLength(2);
      for (const each of erased) {
        expect(each).toMatchObject({ ...kept, sealedPhone: "" });
        expect(each).not.toHaveProperty("providerId");
        expect(each).not.toHaveProperty("requestId");
      }
      expect(await opened.receipts.messagesTo([other.phoneTag], 9)).toMatchObject([outcome]);
    });

    test("erases only for a session that is live, and a phone that the user still has", async () => {
      const { user, session, phoneTag } = await account();
      const asked = { ...erasure(user.id, [phoneTag]), sessionId: session.id };
      expect(await opened.accounts.erase({ ...asked, sessionId: fresh("session") })).toBe(false);
      expect(await opened.accounts.erase({ ...asked, tags: [newTag()] })).toBe(false);
      await opened.sessions.endAll(user.id, NOW);
      expect(await opened.accounts.erase(asked)).toBe(false);
      expect(await opened.users.find(user.id)).toMatchObject({ phoneTag });
      const later = aSession(user.id);
      await opened.sessions.open(later);
      expect(await opened.accounts.erase({ ...asked, tags: [newTag(), phoneTag], sessionId: later.id })).toBe(
        true,
      );
      expect(await opened.users.find(user.id)).toBeUndefined();
    });

    test("erases once if four do it at once, and leaves no session of a sign-in at the same moment", async () => {
      const { user, phoneTag } = await account();
      const erasing = parallel(4, () => opened.accounts.erase(erasure(user.id, [phoneTag])));
      const entering = parallel(6, async () => {
        const session = aSession(user.id);
        await opened.users.enter({ session });
        return session.id;
      });
      expect((await erasing).filter(Boolean)).toHaveLength(1);
      for (const id of await entering) expect(await opened.sessions.find(id)).toBeUndefined();
      expect(await opened.accounts.erase(erasure(user.id))).toBe(false);
    });
  });
}
