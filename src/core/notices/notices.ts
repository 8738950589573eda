import type { User } from "../account/ports.ts";
import { type DeliverDeps, sendRecorded } from "../delivery/deliver.ts";
import { type NoticeKind, yieldsToOptOut } from "../delivery/notice-kinds.ts";
import type { Message, SmsMessage } from "../delivery/ports.ts";
import type { ReplyStore } from "../delivery/receipt-ports.ts";
import type { Keyring } from "../keys.ts";
import type { Locale } from "../locale.ts";
import { workOnEach } from "../maintenance/each.ts";
import type { Piece } from "../maintenance/tick.ts";
import type { Phone } from "../phone.ts";
import type { Clock, Random } from "../ports.ts";
import { type Estimate, estimate } from "../protection/budgets/prices.ts";
import type { MoneySettings } from "../protection/budgets/spend.ts";
import type { LimitStore } from "../protection/limits/ports.ts";
import { noticeLimits } from "../protection/notices.ts";
import type { TakeSend } from "../protection/rebuild.ts";
import { takeBack } from "../protection/sends.ts";
import { type Traffic, trafficOf } from "../protection/traffic.ts";
import { type Refusal, UnavailableError } from "../refusals.ts";
import { DAY_MS, MINUTE_MS } from "../time.ts";
import type { PhoneVault, TextVault } from "../vault.ts";
import { refuseOnHold } from "../verification/on-hold.ts";
import type { Notice, NoticeEnd, NoticeStore } from "./ports.ts";
import { composeNotice } from "./text.ts";

export interface NoticesDeps extends DeliverDeps {
  readonly noticeStore: NoticeStore;
  readonly replies: Pick<ReplyStore, "isOptedOut">;
  readonly vault: PhoneVault & TextVault;
  readonly keyring: Pick<Keyring, "current">;
  readonly limits: Pick<LimitStore, "forget" | "correct">;
  readonly takeSend: TakeSend;
  readonly random: Random;
  readonly clock: Clock;
  /** Told when a notice could not be sent at once; the periodic work tries it again. */
  readonly onNoticeError: (error: unknown) => void;
  readonly settings: {
    readonly money: MoneySettings;
    readonly brandName: string;
    /** How long a change of phone waits before it takes effect; 0 for not at all. */
    readonly phoneChangeMs: number;
    /** Where people reach the pages; absent where that is not known. */
    readonly origin?: string;
  };
}

/** Tells the holders of phones what happened to their accounts. */
export interface Notices {
  /**
   * A notice to the user's phone as it is now, for the store that writes it down in the transaction of what it tells of.
   * @param more.stopCode what the notice's link stops it with
   */
  draft(
    kind: NoticeKind,
    user: Pick<User, "id" | "phoneTag" | "sealedPhone">,
    more: { readonly locale: Locale; readonly stopCode?: string },
  ): Promise<Notice>;
  /** Sends what was written down, if it can be sent now. Never rejects: what fails is left to the periodic work. */
  send(...notices: readonly Pick<Notice, "id">[]): Promise<void>;
  /**
   * Sends what is due, as one piece of the periodic work, by a clock that shows `now` at its beginning. Begins with none once its
   * time is over: each may take as long as senders have.
   */
  sendDue(now: number, isOver: () => boolean): Promise<Piece>;
}

/** The request that wrote a notice down has this long to send it; after that the periodic work may. */
const REQUEST_MS = MINUTE_MS;
/** A notice that was claimed and not ended within this time was cut off: its outcome is unknown. */
const SENDING_MS = 5 * MINUTE_MS;
const RETRY_MS = 5 * MINUTE_MS;
/** A notice that comes later than this helps nobody. */
const MOST_AGE_MS = DAY_MS;
const PIECE = 20;

/** When the periodic work may first look at a notice. */
export function firstDueAt({ createdAt }: Pick<Notice, "createdAt">): number {
  return createdAt + REQUEST_MS;
}

export function createNotices(deps: NoticesDeps): Notices {
  const { noticeStore, clock, onNoticeError } = deps;
  return {
    draft: (kind, user, more) => draft(deps, kind, user, more),
    async send(...notices) {
      for (const { id } of notices) await sendNow(deps, id).catch(onNoticeError);
    },
    async sendDue(now, isOver) {
      // `now` may be the database's: how much this machine's clock is ahead of it is taken off for all of the piece.
      const aheadMs = clock.now() - now;
      const due = await noticeStore.due(now, PIECE);
      return await workOnEach(due, { most: PIECE, isOver }, async ({ id, state }) => {
        if (state === "sending") await noticeStore.end(id, "unknown");
        else await sendOrPutOff({ ...deps, clock: { now: () => clock.now() - aheadMs } }, id);
      });
    },
  };
}

async function draft(
  { vault, random, clock }: NoticesDeps,
  kind: NoticeKind,
  user: Pick<User, "id" | "phoneTag" | "sealedPhone">,
  { locale, stopCode }: { readonly locale: Locale; readonly stopCode?: string },
): Promise<Notice> {
  const createdAt = clock.now();
  const id = random.uuid(createdAt);
  const phone = await vault.open(user.sealedPhone, user.id);
  return {
    id,
    userId: user.id,
    kind,
    phoneTag: user.phoneTag,
    sealedPhone: await vault.seal(phone, id),
    ...(stopCode && { sealedStopCode: await vault.sealText(stopCode, id) }),
    locale,
    createdAt,
  };
}

/** One that fails, such as one that somebody damaged, is tried later: it must not stand before all others for ever. */
async function sendOrPutOff(deps: NoticesDeps, id: string): Promise<void> {
  try {
    await sendNow(deps, id);
  } catch (error) {
    if (!(error instanceof UnavailableError))
      await deps.noticeStore.postpone(id, deps.clock.now() + RETRY_MS);
    throw error;
  }
}

/**
 * Sends a notice that waits. The claim is the last step before the send: a process that is cut off before it leaves the
 * notice to another, one that is cut off after it may have sent the message (promise 5).
 */
async function sendNow(deps: NoticesDeps, id: string): Promise<void> {
  const { noticeStore, clock, vault } = deps;
  const found = await noticeStore.findWaiting(id);
  if (!found) return;
  if (clock.now() >= found.createdAt + MOST_AGE_MS) return await noticeStore.end(id, "expired");
  const phone = await vault.open(found.sealedPhone, id);
  // It may have been drafted before a retag and written down after it.
  const notice = { ...found, phoneTag: await vault.tag(phone) };
  const sms = await smsOf(deps, notice, phone);
  const route = deps.route.filter(({ carries }) => carries?.(sms) ?? true);
  const end = await reasonNotToSend(deps, notice, phone, route.length);
  if (end) return await noticeStore.end(id, end);
  const now = clock.now();
  const hold = await refuseOnHold({ ...deps, route }, notice.phoneTag, now);
  if (!hold.ok) return await noticeStore.postpone(id, now + waitMs(hold.refusal));
  await countAndSend({ ...deps, route }, notice, sms);
}

async function reasonNotToSend(
  { replies, vault, settings }: NoticesDeps,
  { kind }: Notice,
  phone: Phone,
  senders: number,
): Promise<NoticeEnd | undefined> {
  if (senders === 0) return "no_text";
  const yields = yieldsToOptOut(kind, settings.phoneChangeMs);
  const isOptedOut = yields && (await replies.isOptedOut(await vault.tags(phone)));
  return isOptedOut ? "opted_out" : undefined;
}

async function smsOf(deps: NoticesDeps, notice: Notice, to: Phone): Promise<SmsMessage> {
  const { kind, locale, sealedStopCode, id } = notice;
  const { brandName, origin } = deps.settings;
  const stopCode = sealedStopCode && (await deps.vault.openText(sealedStopCode, id));
  const parts = { brandName, ...(origin && { origin }), ...(stopCode && { stopCode }) };
  return {
    id: deps.random.uuid(deps.clock.now()),
    to,
    purpose: kind,
    locale,
    ...(stopCode && { stopCode }),
    text: composeNotice(kind, locale, parts),
  };
}

/**
 * Counts a notice against the budgets, claims it and gives it to the senders. What they certainly did not send is tried again
 * later.
 */
async function countAndSend(deps: NoticesDeps, notice: Notice, sms: SmsMessage): Promise<void> {
  const { noticeStore, settings, clock } = deps;
  const now = clock.now();
  const traffic = await trafficOf(deps, sms.to);
  const counted = estimate(deps, traffic.country);
  const limits = noticeLimits(settings.money, { ...notice, traffic }, counted);
  const taken = await deps.takeSend(notice.phoneTag, { member: sms.id, limits }, now);
  if (!taken.ok) return await noticeStore.postpone(notice.id, taken.retryAt);
  const record = await recordOf(deps, notice, sms, { traffic, counted, now });
  const uncount = () => takeBack(deps.limits, { limits, member: sms.id }, now);
  try {
    if (!(await noticeStore.claim(notice.id, now + SENDING_MS, record))) return await uncount();
  } catch (error) {
    await uncount();
    await noticeStore.postpone(notice.id, clock.now() + RETRY_MS);
    throw error;
  }
  const delivered = await sendRecorded(deps, record, sms);
  if (delivered.ok) return await noticeStore.end(notice.id, "sent");
  const { refusal } = delivered;
  if (refusal.code === "phone_unreachable") return await noticeStore.end(notice.id, "refused");
  const until = clock.now() + Math.max(RETRY_MS, waitMs(refusal));
  // However long its sender has it wait: what is over is to be ended, and its phone forgotten.
  await noticeStore.giveBack(notice.id, Math.min(until, notice.createdAt + MOST_AGE_MS));
}

/** The notice as a message that nobody has sent yet. */
async function recordOf(
  { vault }: NoticesDeps,
  { id, phoneTag, kind }: Notice,
  sms: SmsMessage,
  { traffic, counted, now }: { readonly traffic: Traffic; readonly counted: Estimate; readonly now: number },
): Promise<Message> {
  return {
    id: sms.id,
    verificationId: id,
    phoneTag,
    sealedPhone: await vault.seal(sms.to, sms.id),
    purpose: kind,
    bucket: "device",
    traffic,
    member: sms.id,
    ...counted,
    status: "sending",
    createdAt: now,
  };
}

function waitMs({ retryAfterSeconds = 0 }: Pick<Refusal, "retryAfterSeconds">): number {
  return retryAfterSeconds * 1_000;
}
