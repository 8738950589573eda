import { maskPhone, type Phone } from "../phone.ts";
import type { Random } from "../ports.ts";
import { MAX_LIFE_MS, messageMember } from "../protection/limits/members.ts";
import type { PhoneVault } from "../vault.ts";
import type { Client } from "./client.ts";
import type { Verification } from "./ports.ts";
import { type Purpose, ruleOf } from "./purpose.ts";

/** How long codes of this purpose live at most, resends included; milliseconds since the start. */
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

/** Whether its code may still be guessed and sent again: neither ended, nor expired, nor out of attempts. */
export function isLive(verification: Verification, now: number): boolean {
  return statusOf(verification, now) === "pending";
}

/** Whether this client may use it. A verification that a page started belongs to that page's browser (T25). */
export function mayUse(verification: Verification, client: Client): boolean {
  return verification.browser === undefined || verification.browser === client.browser;
}

/**
 * The phone that it is about; undefined if a retag has changed the phone's tag since, which ends the verification.
 * Rejects with `UnavailableError` while a retag runs.
 */
export async function currentPhone(
  vault: PhoneVault,
  { sealedPhone, id, phoneTag }: Verification,
): Promise<Phone | undefined> {
  const phone = await vault.open(sealedPhone, id);
  return (await vault.tag(phone)) === phoneTag ? phone : undefined;
}

/** What its holder may see of it at `now`, epoch milliseconds. */
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

/**
 * Ids begin with 24 bits of seconds. These repeat after half a year, long after the rows of the first time are gone.
 */
const SECONDS = 2 ** 24;

/**
 * A new id: 22 characters of base64url with 104 random bits, which nobody guesses. It begins with the time, so that new
 * rows are neighbours in every index: a commit then writes a few pages instead of one for each verification.
 */
export function newVerificationId(random: Random, now: number): string {
  const id = Buffer.alloc(16);
  id.writeUIntBE(Math.floor(now / 1_000) % SECONDS, 0, 3);
  id.set(random.bytes(13), 3);
  return id.toString("base64url");
}

/** The members under which limits counted its messages. */
export function messageMembers({ id, messages }: Verification): string[] {
  const members: string[] = [];
  for (let n = 1; n <= messages; n += 1) members.push(messageMember(id, n));
  return members;
}
