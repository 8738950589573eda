import type { Backend } from "../backend/api-key.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { parseTransaction, type Transaction } from "../transaction.ts";
import type { TextVault } from "../vault.ts";
import type { Client } from "./client.ts";
import type { Verification } from "./ports.ts";
import { type Purpose, ruleOf } from "./purpose.ts";
import type { Self } from "./self.ts";

/** What a backend sends with a start and gets back with the proof. */
export interface Ask {
  /** The backend's own name of what this is for: 1 to 128 characters, none of them invisible. */
  readonly reference?: string | undefined;
  /** What the person is to confirm. */
  readonly transaction?: Transaction | undefined;
}

export interface AskedStart extends Ask {
  readonly purpose: Purpose;
  readonly client: Client;
  /** The backend that starts it. */
  readonly backend?: Backend | undefined;
  /** The user who starts it for their own phone. */
  readonly self?: Self | undefined;
}

export type AskRefusal =
  | "invalid_request"
  | "invalid_token"
  | "password_required"
  | "invalid_api_key"
  | "purpose_not_allowed";

/**
 * Reads what a start asks for. Refused if the caller may not start a verification of this purpose (`invalid_api_key`,
 * `invalid_token`, `password_required`, `purpose_not_allowed`). Refused with `invalid_request` if the reference or the
 * transaction is malformed, or if a field does not belong to the purpose.
 */
export function judgeAsk(start: AskedStart): Result<Ask, AskRefusal> {
  const allowed = judgeStarter(start);
  if (!allowed.ok) return allowed;
  const transaction = judgeTransaction(start.purpose, start.transaction);
  if (!transaction.ok) return transaction;
  return ok({ reference: start.reference, transaction: transaction.value });
}

function judgeStarter({ purpose, client, backend, self, reference }: AskedStart): Result<void, AskRefusal> {
  const { startedBy, gives } = ruleOf(purpose);
  if (!backend && startedBy === "backend") return refuse("invalid_api_key");
  const isOwn = startedBy === "self" || startedBy === "user";
  if (!self && isOwn) return refuse("invalid_token");
  // Until the user has set a password of their own, this session may only confirm who the user is.
  if (self?.mustSetPassword && isOwn && gives !== "factor") return refuse("password_required");
  // A session of a test number cannot make this change, so no code is sent for it.
  if (self?.isTest && startedBy === "user") {
    return refuse("invalid_request", { field: "purpose", detail: "is not for test numbers" });
  }
  if (backend && !backend.purposes.includes(purpose)) {
    return refuse("purpose_not_allowed", { field: "purpose" });
  }
  if (gives === "proof" && client.deviceToken) {
    return refuse("invalid_request", { field: "deviceToken", detail: "is only for signing in" });
  }
  if (reference === undefined) return ok(undefined);
  if (gives !== "proof") {
    return refuse("invalid_request", {
      field: "reference",
      detail: "is only for purposes that give a proof",
    });
  }
  return isReference(reference) ? ok(undefined) : refuse("invalid_request", BAD_REFERENCE);
}

/**
 * Reads the transaction of a start or a check. Refused with `invalid_request` if it is malformed, if the purpose needs
 * one and there is none, or if there is one and the purpose takes none.
 */
export function judgeTransaction(
  purpose: Purpose,
  transaction: Transaction | undefined,
): Result<Transaction | undefined, "invalid_request"> {
  const isNeeded = ruleOf(purpose).confirmsTransaction === true;
  if (transaction && isNeeded) return parseTransaction(transaction);
  if (!transaction && !isNeeded) return ok(undefined);
  const detail = isNeeded
    ? "must say what is to be confirmed: amount, currency, payee"
    : "is only for confirm_transaction";
  return refuse("invalid_request", { field: "transaction", detail });
}

const BAD_REFERENCE = {
  field: "reference",
  detail: "must be 1 to 128 characters without control, invisible or bidirectional ones",
};

function isReference(text: string): boolean {
  return /^[^\p{C}\p{Zl}\p{Zp}]{1,128}$/u.test(text);
}

/** Encrypts what a backend sent with the start, for the verification's row. Empty if no backend started it. */
export async function sealAsk(
  vault: TextVault,
  id: string,
  backend: Pick<Backend, "client"> | undefined,
  ask: Ask,
): Promise<Pick<Verification, "asked">> {
  if (!backend) return {};
  return { asked: { client: backend.client, sealed: await vault.sealText(JSON.stringify(ask), id) } };
}

/** What the backend sent with the start of this verification; empty if no backend started it. */
export async function readAsk(vault: TextVault, { id, asked }: Verification): Promise<Ask> {
  return asked ? JSON.parse(await vault.openText(asked.sealed, id)) : {};
}
