import { maskPhone, type Phone } from "../phone.ts";
import type { Random } from "../ports.ts";
import { MAX_LIFE_MS, messageMember } from "../protection/members.ts";
import type { PhoneVault } from "../vault.ts";
import type { Client } from "./client.ts";
import type { Verification } from "./ports.ts";
import { type Purpose, ruleOf } from "./purpose.ts";

/** How long the codes of a purpose live at most, resends included. */
export function mostLifeMs(purpose: Purpose): number {
  return ruleOf(purpose).mostLifeMs ?? MAX_LIFE_MS;
}

export type VerificationStatus = "pending" | "approved" | "expired" | "exhausted" | "canceled";

/** A verification as its holder may see it. Times are epoch milliseconds. */
export interface VerificationView {
  readonly id: string;
  readonly status: VerificationStatus;
  readonly purpose: Purpose;
  /** Masked. */
  readonly phone: string;
  readonly codeLength: number;
  readonly expiresAt: number;
  readonly resendAt: number;
}

function statusOf(verification: Verification, now: number): VerificationStatus {
  if (verification.outcome !== "open") return verification.outcome;
  if (verification.attemptsUsed >= verification.attemptsAllowed) return "exhausted";
  return now < verification.expiresAt ? "pending" : "expired";
}

export function isLive(verification: Verification, now: number): boolean {
  return statusOf(verification, now) === "pending";
}

/** What the pages started, only the browser that started it may use (T25). */
export function mayUse(verification: Verification, client: Client): boolean {
  return verification.browser === undefined || verification.browser === client.browser;
}

/** The phone that it is about; undefined after a retag: what was started under an older tag is over. */
export async function currentPhone(
  vault: PhoneVault,
  { sealedPhone, id, phoneTag }: Verification,
): Promise<Phone | undefined> {
  const phone = await vault.open(sealedPhone, id);
  return (await vault.tag(phone)) === phoneTag ? phone : undefined;
}

export function viewOf(verification: Verification, phone: Phone, now: number): VerificationView {
  return {
    id: verification.id,
    status: statusOf(verification, now),
    purpose: verification.purpose,
    phone: maskPhone(phone),
    codeLength: verification.codeLength,
    expiresAt: verification.expiresAt,
    resendAt: verification.resendAt,
  };
}

/** Half a year of seconds: whoever has them all again stands among rows that are gone. */
const SECONDS = 2 ** 24;

/**
 * A new id in base64url: the second, then 104 random bits, which nobody guesses. Ids of the same time are neighbours in
 * each index, so that a commit writes a few pages instead of one for each verification.
 */
export function newVerificationId(random: Random, now: number): string {
  const id = Buffer.alloc(16);
  id.writeUIntBE(Math.floor(now / 1_000) % SECONDS, 0, 3);
  id.set(random.bytes(13), 3);
  return id.toString("base64url");
}

/** All that its messages were counted under. */
export function messageMembers({ id, messages }: Verification): string[] {
  const members: string[] = [];
  for (let n = 1; n <= messages; n += 1) members.push(messageMember(id, n));
  return members;
}
