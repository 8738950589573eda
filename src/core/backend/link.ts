import { ok, type Result, refuse } from "../refusals.ts";
import type { Tokens } from "../session/ports.ts";
import type { Transaction } from "../transaction.ts";
import { readAsk } from "../verification/ask.ts";
import { type CheckRefusal, type ConvertDeps, checkAndConvert } from "../verification/check.ts";
import type { Client } from "../verification/client.ts";
import type { VerificationDeps } from "../verification/deps.ts";
import { purposesGiving, ruleOf } from "../verification/purpose.ts";
import { type StartInput, type StartRefusal, startVerification } from "../verification/start.ts";
import { mostLifeMs, type VerificationView, viewOf } from "../verification/verification.ts";

/** What a backend asks for that sends the person to Phonekey's page. */
export interface PageRequest {
  /** Exactly one of the addresses of the backend's key. */
  readonly returnTo?: string;
  /**
   * Returned with the person once they have entered the right code, and not before, so that the backend knows its own
   * visitor.
   */
  readonly state?: string;
}

export interface PageStart extends StartInput {
  readonly page?: PageRequest | undefined;
}

export interface StartedView extends VerificationView {
  /** The secret part of the page's address. */
  readonly link?: string;
}

/** Starts a verification, and where a backend asks for it makes a link to the page on which its code is entered. */
export async function startWithPage(
  deps: VerificationDeps,
  { page, ...input }: PageStart,
): Promise<Result<StartedView, StartRefusal>> {
  const judged = page ? judgePage(page, input) : ok(undefined);
  if (!judged.ok) return judged;
  const started = await startVerification(deps, input);
  if (!started.ok || !page || !input.backend) return started;
  const { client } = input.backend;
  const now = deps.clock.now();
  const link = await deps.tokens.issue(
    "link",
    { verification: started.value.id, client, ...page },
    // A resend may make the code live longer, never beyond this.
    { issuedAt: now, expiresAt: now + mostLifeMs(input.purpose) },
  );
  return ok({ ...started.value, link });
}

const STATE = /^[\x21-\x7e]{16,512}$/;
/** The most that `returnTo` and `state` may take as JSON: tokens have at most 4096 characters. */
const MOST_PAGE_BYTES = 2_600;

function judgePage(
  { returnTo, state }: PageRequest,
  { backend, purpose }: StartInput,
): Result<void, "invalid_request"> {
  const bad = (field: string, detail: string) => refuse("invalid_request", { field, detail });
  if (!backend) return bad("page", "must come with an API key");
  const { gives, isPassword } = ruleOf(purpose);
  if (gives !== "proof" && !isPassword)
    return bad("page", "is only for purposes that give a proof, and for temporary_password");
  if ((returnTo === undefined) !== (state === undefined)) {
    return bad(
      returnTo === undefined ? "page.returnTo" : "page.state",
      "must be given where the other one is",
    );
  }
  if (returnTo === undefined || state === undefined) return ok(undefined);
  if (gives !== "proof") return bad("page.returnTo", "is only for purposes that give a proof");
  if (!backend.returnTo.includes(returnTo))
    return bad("page.returnTo", "must be one of the addresses of this API key, character by character");
  if (!STATE.test(state)) return bad("page.state", "must be 16 to 512 printable ASCII characters");
  return Buffer.byteLength(JSON.stringify({ returnTo, state })) <= MOST_PAGE_BYTES
    ? ok(undefined)
    : bad("page.state", "is too long beside this returnTo");
}

/** A verification that a backend asked for, as its page shows it. */
export interface AskedPage {
  readonly view: VerificationView;
  /** The backend, by its name. */
  readonly backend: string;
  readonly transaction?: Transaction;
  readonly returnTo?: string;
  readonly state?: string;
}

export interface LinkDeps extends ConvertDeps {
  readonly tokens: Tokens;
}

/**
 * Reads a link. Forged and expired ones, and those of a backend whose keys were taken away or may no longer send people
 * there, are `not_found`.
 */
export async function readLink(deps: LinkDeps, link: string): Promise<Result<AskedPage, "not_found">> {
  const now = deps.clock.now();
  const claims = await deps.tokens.read("link", link, now);
  const verification = claims && (await deps.verifications.find(claims.verification));
  if (!verification || verification.asked?.client !== claims.client) return refuse("not_found");
  const { client: backend, returnTo, state } = claims;
  const key = await deps.apiKeys.findLive(backend, now);
  if (!key || (returnTo !== undefined && !key.returnTo.includes(returnTo))) return refuse("not_found");
  const phone = await deps.vault.open(verification.sealedPhone, verification.id);
  const { transaction } = await readAsk(deps.vault, verification);
  return ok({
    view: viewOf(verification, phone, now),
    backend,
    ...(transaction && { transaction }),
    ...(returnTo !== undefined && { returnTo }),
    ...(state !== undefined && { state }),
  });
}

/**
 * Checks one guess at the code that a link is for; it confirms the transaction that the page shows. The right code approves
 * the verification. Its backend fetches the proof itself: none passes through a browser.
 */
export async function checkByLink(
  deps: LinkDeps,
  { link, code, client }: { readonly link: string; readonly code: string; readonly client: Client },
): Promise<Result<AskedPage, CheckRefusal | "not_found">> {
  const page = await readLink(deps, link);
  if (!page.ok) return page;
  const { view, transaction } = page.value;
  const purposes = purposesGiving("proof");
  const checked = await checkAndConvert(deps, {
    verificationId: view.id,
    code,
    purposes,
    client,
    transaction,
  });
  return checked.ok ? page : checked;
}
