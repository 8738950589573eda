import fc from "fast-check";
import { expect, test } from "vitest";
import { createErasureSweep } from "../../../src/adapters/sql/life/personal-data.ts";
import type { User } from "../../../src/core/account/ports.ts";
import type { SendOutcome, SmsMessage } from "../../../src/core/delivery/ports.ts";
import { exportAccount } from "../../../src/core/life/export.ts";
import type { Phone } from "../../../src/core/phone.ts";
import { type SignedIn, selfOf } from "../../../src/core/session/session.ts";
import type { Purpose } from "../../../src/core/verification/purpose.ts";
import { createRules, DAY, type Rules, SECOND, wrongCode } from "../rules.ts";
import {
  type Account,
  anySteps,
  type Deed,
  erase,
  KEPT,
  type Kept,
  type Known,
  type Model,
  moveDue,
  newModel,
  type Step,
  sweep,
} from "./erasure-model.ts";
import {
  dump,
  expectKept,
  holds,
  type Row,
  type Tables,
  tablesThatOpenTo,
  tablesWith,
} from "./erasure-rows.ts";
import { addFactors, invite, setPassword, unlock } from "./erasure-traces.ts";

const SHOP = { client: "shop", tells: "tag", sends: [], spend: {}, returnTo: [] } as const;
/** What may stand under the tag of a number whose account was erased. */
const COUNTED = [
  "erasures",
  "failures",
  "limit_journal",
  "limits",
  "messages",
  "opt_outs",
  "unlocks",
  "verifications",
];
/** Where it may also stand for another user: one who asked to move to it, or who had it before and gets a notice there. */
const OTHERS = ["phone_changes", "notices"];
/** What counts against a number. */
const COUNTERS = ["failures", "limit_journal"];
const MOST_FAILURES = 6;

const accept = async ({ id }: SmsMessage): Promise<SendOutcome> => ({
  status: "accepted",
  providerId: `provider's ${id}`,
  requestId: `request for ${id}`,
});

let rules: Rules;

/** A database for each run: all that is in it is looked at after each erasure. */
async function open(): Promise<void> {
  const recycled = { unusedMs: 0, sparesProtected: false };
  rules = await createRules({ settings: { codeAttempts: 1, phoneChangeMs: DAY, recycled } });
  const key = { id: "key", hash: "hash", purposes: [], networks: [], ...SHOP };
  const life = { createdAt: rules.clock.now(), expiresAt: Number.MAX_SAFE_INTEGER };
  await rules.deps().apiKeys.create({ ...key, ...life });
  rules.sms.answer(accept);
}

test("an erasure leaves what is documented to stay, and nothing else, in any sequence of steps", async () => {
  await fc.assert(
    fc
      .asyncProperty(anySteps, async (steps) => {
        const model = newModel(["+8613800138000", "+8613800138001", "+8613800138002"]);
        for (const step of steps) {
          rules.clock.advance(SECOND);
          await take(step, model);
          noteMessages(model);
        }
        await expectKept(model, rules);
      })
      .beforeEach(open)
      .afterEach(() => rules.close()),
    // Shrinking may take longer than a test may: the printed seed repeats the failure.
    { numRuns: 20, endOnFailure: true },
  );
});

async function take(step: Step, model: Model): Promise<void> {
  if (step.do === "wait") return await wait(step.ms, model);
  const known = model[step.number] as Known;
  if (step.do === "reply") await reply(known, step.text);
  else if (step.do === "move") await move(known, step.to, model);
  else if (step.do === "erase") await eraseAccount(known, step.sending, model);
  else await DEEDS[step.do](known);
}

const DEEDS: Readonly<Record<Deed, (known: Known) => Promise<unknown>>> = {
  async signIn(known) {
    const { user, account } = await signIn(known);
    await expectExport(known, account, user);
  },
  async guessWrong(known) {
    if (known.failures >= MOST_FAILURES) return;
    known.failures += 1;
    const { id, code } = await rules.started({}, known.phone);
    expect(await rules.guess(id, wrongCode(code))).toBe("invalid_code");
  },
  async prove({ phone }) {
    const backend = { ...SHOP, purposes: ["verify_identity"] as const };
    const { id, code } = await start("verify_identity", { phone, backend, reference: "order 1" });
    const proof = await rules.phonekey().backend.check({ verificationId: id, code, client: {}, backend });
    if (!proof.ok) throw new Error(proof.refusal.code);
    const redeemed = await rules.phonekey().backend.redeem({ backend, proof: proof.value });
    expect(redeemed.ok).toBe(true);
  },
  async setPassword(known) {
    const { account, ...principal } = await signIn(known);
    await setPassword(rules, principal);
    // A change of number that another session asked for ends with that session.
    account.movesTo = undefined;
  },
  async addFactors(known) {
    const { account, ...principal } = await signIn(known);
    await addFactors(rules, principal, account.mark);
  },
  invite: ({ phone }) => invite(rules, phone),
  async unlock(known) {
    if (known.failures >= MOST_FAILURES) return;
    await unlock(rules, known.phone);
    known.failures += 1;
    known.unlocks.push({ at: rules.clock.now(), isBlank: false });
  },
};

type Start = Parameters<ReturnType<Rules["phonekey"]>["verifications"]["start"]>[0];

async function start(purpose: Purpose, more: Partial<Start>): Promise<{ id: string; code: string }> {
  const started = await rules.phonekey().verifications.start({ purpose, locale: "en", client: {}, ...more });
  if (!started.ok) throw new Error(started.refusal.code);
  return { id: started.value.id, code: await rules.codeOf(started.value.id) };
}

/** Signs in, and up if the number has no account. */
async function signIn(known: Known): Promise<SignedIn & { readonly account: Account }> {
  const { id, code } = await rules.started({}, known.phone);
  const mark = known.account?.mark ?? `mark of ${id}`;
  const input = { verificationId: id, code, client: {}, userAgent: mark };
  const signedIn = await rules.phonekey().signIn.byCode(input);
  if (!signedIn.ok) throw new Error(signedIn.refusal.code);
  const { user, created } = signedIn.value;
  expect(created).toBe(known.account === undefined);
  expect(user).toMatchObject(known.account ? { id: known.account.userId, name: mark } : { name: "" });
  known.account ??= { userId: user.id, mark, accessTokens: [], since: rules.clock.now() };
  const { account } = known;
  if (created) await rules.phonekey().account.update(user, { name: mark });
  const { accessToken } = await rules.phonekey().sessions.accessToken(signedIn.value.session);
  account.accessTokens.push(accessToken);
  return { ...signedIn.value, account };
}

async function reply(known: Known, text: string): Promise<void> {
  const at = rules.clock.now();
  const answer = { phone: known.phone as Phone, text, writtenAt: at / SECOND };
  expect(await rules.phonekey().receipts.reply(answer)).toBe(known.messages.length > 0);
  if (known.messages.length === 0) return;
  known.replies.push({ at, text, isBlank: false });
  if (text === "STOP" && (known.optOut?.isBlank ?? true)) known.optOut = { at, isBlank: false };
}

async function move(known: Known, number: number, model: Model): Promise<void> {
  const to = model[number] as Known;
  if (to === known) return;
  const { account, ...principal } = await signIn(known);
  const { id, code } = await start("change_phone", { phone: to.phone, self: selfOf(principal) });
  const input = { principal, verificationId: id, code, client: {}, locale: "en" } as const;
  const changed = await rules.phonekey().life.changePhone(input);
  if (!changed.ok && changed.refusal.code === "too_many_requests") return;
  const others = model.filter((other) => other !== known);
  const isTaken = to.account || others.some(({ account }) => account?.movesTo?.number === number);
  expect(changed).toMatchObject(isTaken ? { refusal: { code: "phone_taken" } } : { ok: true });
  if (!isTaken) account.movesTo = { number, dueAt: rules.clock.now() + DAY };
}

async function wait(ms: number, model: Model): Promise<void> {
  noteMessages(model);
  rules.clock.advance(ms);
  const now = rules.clock.now();
  await rules.phonekey().life.applyDueChanges(now, () => false);
  moveDue(model, now);
  await createErasureSweep(rules.database)(now - KEPT, 1_000);
  for (const known of model) sweep(known, now);
  noteMessages(model);
  await expectKept(model, rules);
}

async function eraseAccount(known: Known, sending: boolean, model: Model): Promise<void> {
  const { phone } = known;
  const { account, ...principal } = await signIn(known);
  const { id, code } = await start("delete_account", { self: selfOf(principal) });
  const sent = sending ? await startSlowly(phone) : undefined;
  noteMessages(model);
  const others = await standing(model, known);
  const before = await dump(rules.database);
  const input = { principal, verificationId: id, code, client: {} };
  expect(await rules.phonekey().life.erase(input)).toMatchObject({ ok: true });
  erase(known, rules.clock.now());
  await sent?.();
  await expectErased(known, account, before);
  expect(await standing(model, known)).toEqual(others);
  for (const token of account.accessTokens) expect(await isGood(token)).toBe(false);
  await expectKept(model, rules);
}

/** Starts something whose message is with its sender until what this resolves with is called. */
async function startSlowly(phone: string): Promise<() => Promise<void>> {
  const { sms } = rules;
  const before = sms.sent.length;
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  sms.answer(async (message) => {
    await released;
    return accept(message);
  });
  const started = rules.started({}, phone);
  await expect.poll(() => sms.sent.length).toBe(before + 1);
  sms.answer(accept);
  return async () => {
    release();
    const { id, code } = await started;
    // Otherwise its guesses stay set aside.
    expect(await rules.guess(id, code)).toBe("approved");
  };
}

/** Notes whom the last messages went to. */
function noteMessages(model: Model): void {
  for (const { to } of rules.sms.sent.splice(0)) {
    const known = model.find(({ phone }) => phone === to);
    known?.messages.push({ at: rules.clock.now(), isBlank: false });
  }
}

/** Nothing leads to the person any more, what counts against the number stays, and so does all that is others'. */
async function expectErased({ phone }: Known, { userId, mark }: Account, before: Tables): Promise<void> {
  const tag = await rules.deps().vault.tag(phone as Phone);
  const after = await dump(rules.database);
  expect(await rules.deps().users.findByTag(tag)).toBeUndefined();
  expect(tablesWith(after, mark)).toEqual([]);
  for (const table of tablesWith(after, userId)) expect(["events", "limit_journal"]).toContain(table);
  for (const table of tablesWith(after, tag)) expect([...COUNTED, ...OTHERS]).toContain(table);
  const openTo = await tablesThatOpenTo(phone, after, rules.deps().vault);
  for (const table of openTo) expect(["verifications", ...OTHERS]).toContain(table);
  for (const row of after.get("messages")?.filter((each) => holds(each, tag)) ?? []) {
    expect(row).toMatchObject({ provider_id: null, request_id: null, idempotency_key: null });
  }
  for (const [table, rows] of before) {
    // What was counted is only added to.
    const kept = table === "limit_journal" ? after.get(table)?.slice(0, rows.length) : after.get(table);
    const isOthers = (row: Row) => COUNTERS.includes(table) || !(holds(row, tag) || holds(row, userId));
    expect(kept?.filter(isOthers)).toEqual(rows.filter(isOthers));
  }
}

const isGood = async (token: string) => (await rules.phonekey().sessions.authenticate(token)).ok;

/** Which access tokens of the others are valid. */
async function standing(model: Model, known: Known): Promise<readonly boolean[]> {
  const tokens = model.flatMap((other) => (other === known ? [] : (other.account?.accessTokens ?? [])));
  return await Promise.all(tokens.map(isGood));
}

/** A person gets what is theirs, and nothing of who had the number before. */
async function expectExport(known: Known, { userId: id, since }: Account, user: User): Promise<void> {
  noteMessages([known]);
  const isSince = ({ at }: Kept) => at >= since;
  const exported = await exportAccount(rules.deps(), user, "operator");
  expect(exported).toMatchObject({
    account: { id, phone: known.phone, isOptedOut: known.optOut !== undefined },
  });
  expect(exported?.messages).toHaveLength(known.messages.filter(isSince).length);
  const texts = known.replies.filter(isSince).map(({ text }) => text);
  expect(exported?.replies.map(({ text }) => text).toSorted()).toEqual(texts.toSorted());
}
