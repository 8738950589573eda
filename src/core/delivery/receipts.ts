import type { Piece } from "../maintenance/tick.ts";
import type { Observer } from "../observer.ts";
import type { Phone } from "../phone.ts";
import type { Clock, Random } from "../ports.ts";
import { sha256 } from "../secrets.ts";
import { MINUTE_MS } from "../time.ts";
import type { PhoneVault, TextVault } from "../vault.ts";
import type {
  EarlyReport,
  Noted,
  ReceiptStore,
  ReplyStore,
  Report,
  ReportedMessage,
} from "./receipt-ports.ts";

export interface ReceiptDeps extends Pick<Observer, "onReport"> {
  readonly receipts: ReceiptStore;
  readonly replies: ReplyStore;
  /** Takes a message that failed out of what the guard counts; safe to repeat. */
  readonly forgetFailed: (message: Noted) => Promise<void>;
  readonly vault: PhoneVault & TextVault;
  readonly clock: Clock;
  readonly random: Random;
}

/** A carrier's report as a provider passes it on. It may be made up, so it is checked against our record. */
export interface CarrierReport extends Pick<Report, "providerId" | "outcome" | "code"> {
  readonly phone: Phone;
  /** Our own id of the message, if the provider gives it back. */
  readonly messageId?: string;
}

/** How long a message waits for its sender's answer at most, and its report with it. */
const SENDING_MS = 2 * MINUTE_MS;
const EARLY_KEPT_MS = 15 * MINUTE_MS;
const MOST_EARLY = 10_000;
const PIECE = 200;

/**
 * Notes what carriers say of messages. A report changes nothing if its number and its phone fit no message of ours. If
 * a message to that phone is just being sent, the report is kept until the sender's answer tells that message's number.
 * A message that failed is taken out of what the guard counts.
 *
 * @returns how many were noted
 */
export async function noteReports(
  deps: ReceiptDeps,
  sender: string,
  reports: readonly CarrierReport[],
): Promise<number> {
  let noted = 0;
  for (const report of reports) if (await noteReport(deps, sender, report)) noted += 1;
  return noted;
}

async function noteReport(deps: ReceiptDeps, sender: string, from: CarrierReport): Promise<boolean> {
  const { receipts, vault, clock } = deps;
  const { phone, messageId, ...said } = from;
  const report = { ...said, at: clock.now() };
  const tags = await vault.tags(phone);
  const cutOffBy = report.at - SENDING_MS;
  const to = { sender, tags, cutOffBy, ...(messageId && { messageId }) };
  if (await settle(deps, to, report)) return true;
  if (await receipts.isSending(tags, cutOffBy)) {
    await receipts.keepEarly({ ...report, sender, phoneTag: await vault.tag(phone) }, MOST_EARLY);
    deps.onReport(sender, "early");
    return false;
  }
  // The answer of the send may have been written down between the two looks.
  const isNoted = await settle(deps, to, report);
  if (!isNoted) deps.onReport(sender, "unmatched");
  return isNoted;
}

type SettleDeps = Pick<ReceiptDeps, "receipts" | "forgetFailed" | "onReport">;

/**
 * Writes the record first, so that no report is lost with the limits. If this is cut off between the two, the report
 * comes again: from the sender, whose call failed, or at the next tick, if the report came early. A report that we
 * asked for does not come again. Then its message counts for a day at most, and a limit store that is rebuilt reads the
 * record.
 */
async function settle(
  { receipts, forgetFailed, onReport }: SettleDeps,
  to: ReportedMessage,
  report: Report,
): Promise<boolean> {
  const noted = await receipts.note(to, report);
  if (!noted) return false;
  if (noted.status === "failed") await forgetFailed(noted);
  onReport(to.sender, report.outcome);
  return true;
}

/**
 * Tries the reports again that came before their message was known. Drops those that have waited too long. One piece of
 * the periodic work.
 */
export async function noteEarlyReports(deps: SettleDeps & Pick<ReceiptDeps, "clock">): Promise<Piece> {
  const { receipts, clock } = deps;
  const early = await receipts.early(PIECE);
  const now = clock.now();
  const noted: EarlyReport[] = [];
  for (const kept of early) {
    const { sender, phoneTag, ...report } = kept;
    const to = { sender, tags: [phoneTag], messageId: report.providerId, cutOffBy: now - SENDING_MS };
    if (await settle(deps, to, report)) noted.push(kept);
  }
  const over = early.filter(({ at }) => at < now - EARLY_KEPT_MS);
  await receipts.dropEarly([...noted, ...over]);
  // Reports that fit nothing yet stay before the others. As long as any were removed, those behind them may still fit.
  return { count: noted.length, isLast: early.length < PIECE || noted.length + over.length === 0 };
}

/** What a person answered to one of our messages. */
export interface CarrierReply {
  readonly phone: Phone;
  readonly text: string;
  /** When they wrote it, in seconds since 1970. */
  readonly writtenAt: number;
}

const MOST_LETTERS = 500;
/**
 * The words by which people opt out, as carriers tell them: R in China today
 * (cloud.tencent.com/document/product/382/100568), T or TD before, and elsewhere STOP.
 */
const STOP_WORDS = ["R", "T", "TD", "退订", "STOP"];

/**
 * Keeps an answer, if we ever sent that phone a message. An answer that says stop opts the phone out of what its holder
 * did not ask for. The codes that the holder asks for still come.
 *
 * @returns whether we ever sent that phone a message
 */
export async function noteReply(
  deps: ReceiptDeps,
  { phone, text, writtenAt }: CarrierReply,
): Promise<boolean> {
  const { replies, vault, clock, random } = deps;
  const at = clock.now();
  if (!(await replies.wasSentTo(await vault.tags(phone)))) return false;
  const phoneTag = await vault.tag(phone);
  const kept = text.slice(0, MOST_LETTERS);
  // Several answers within one second, such as the halves of a long one, mostly differ in length, which the row shows
  // anyway.
  const id = sha256(`${phoneTag}:${writtenAt}:${kept.length}`);
  await replies.keepReply({
    id,
    phoneTag,
    sealedPhone: await vault.seal(phone, id),
    sealedText: await vault.sealText(kept, id),
    at,
  });
  if (saysStop(kept)) {
    const row = random.uuid(at);
    await replies.optOut({ id: row, phoneTag, sealedPhone: await vault.seal(phone, row), at });
  }
  return true;
}

/** Ignores what means nothing to the writer: full-width letters, case, and everything that is no letter or digit. */
function saysStop(text: string): boolean {
  return STOP_WORDS.includes(
    text
      .normalize("NFKC")
      .replace(/[^\p{L}\p{N}]/gu, "")
      .toUpperCase(),
  );
}
