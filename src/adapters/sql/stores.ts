import type { FactorStore } from "../../core/account/factors/ports.ts";
import type { InvitationStore } from "../../core/account/invitation-ports.ts";
import type { UserStore } from "../../core/account/ports.ts";
import type { AlertStore } from "../../core/alerts/ports.ts";
import type { ApiKeyStore, ProofStore } from "../../core/backend/ports.ts";
import type { MessageStore } from "../../core/delivery/ports.ts";
import type { ReceiptStore, ReplyStore } from "../../core/delivery/receipt-ports.ts";
import type { KeyStore } from "../../core/keys.ts";
import type { AccountStore } from "../../core/life/account-ports.ts";
import type { PhoneChangeStore } from "../../core/life/ports.ts";
import type { NoticeStore } from "../../core/notices/ports.ts";
import type { PasswordLedger, PasswordStore } from "../../core/password/ports.ts";
import type { Ledger, UnlockStore } from "../../core/protection/budgets/ports.ts";
import type { BaselineStore } from "../../core/protection/guard/ports.ts";
import type { LimitStore } from "../../core/protection/limits/ports.ts";
import type { SessionStore } from "../../core/session/ports.ts";
import type { VerificationStore } from "../../core/verification/ports.ts";
import { createInvitationStore } from "./account/invitations.ts";
import { createPasswordStore } from "./account/passwords.ts";
import { createSessionStore } from "./account/sessions.ts";
import { createUserStore } from "./account/users.ts";
import { createApiKeyStore } from "./backend/api-keys.ts";
import { createProofStore } from "./backend/proofs.ts";
import type { SqlDatabase } from "./database.ts";
import { createMessageStore } from "./delivery/messages.ts";
import { createNoticeStore } from "./delivery/notices.ts";
import { createReceiptStore } from "./delivery/receipts.ts";
import { createReplyStore } from "./delivery/replies.ts";
import { createFactorStore } from "./factors/factors.ts";
import { createKeyStore } from "./keys/keys.ts";
import { createTagKey, type TagKeyDeps } from "./keys/tag-key.ts";
import { createAccountStore } from "./life/accounts.ts";
import { createPhoneChangeStore } from "./life/phone-changes.ts";
import { createLimitStore } from "./limits/store.ts";
import { createAlertStore } from "./maintenance/alerts.ts";
import { createBaselineStore } from "./protection/baselines.ts";
import { createLedger } from "./protection/failures.ts";
import { createPasswordLedger } from "./protection/password-ledger.ts";
import { createUnlockStore } from "./protection/unlocks.ts";
import { createVerificationStore } from "./verification/verifications.ts";

export interface SqlStores {
  readonly users: UserStore;
  readonly sessions: SessionStore;
  readonly factorStore: FactorStore;
  readonly messages: MessageStore;
  readonly receipts: ReceiptStore;
  readonly replies: ReplyStore;
  readonly noticeStore: NoticeStore;
  readonly phoneChanges: PhoneChangeStore;
  readonly accounts: AccountStore;
  readonly apiKeys: ApiKeyStore;
  readonly proofs: ProofStore;
  readonly alertStore: AlertStore;
  readonly ledger: Ledger;
  readonly unlocks: UnlockStore;
  readonly passwordStore: PasswordStore;
  readonly passwordLedger: PasswordLedger;
  readonly invitations: InvitationStore;
  readonly keys: KeyStore;
  readonly verifications: VerificationStore;
  readonly limits: LimitStore;
  readonly baselines: BaselineStore;
}

/** All stores on one migrated database. */
export function createSqlStores(database: SqlDatabase, deps: TagKeyDeps): SqlStores {
  const tagKey = createTagKey(deps);
  return {
    users: createUserStore(database, tagKey),
    sessions: createSessionStore(database),
    factorStore: createFactorStore(database),
    messages: createMessageStore(database, tagKey),
    receipts: createReceiptStore(database),
    replies: createReplyStore(database),
    noticeStore: createNoticeStore(database, tagKey),
    accounts: createAccountStore(database),
    phoneChanges: createPhoneChangeStore(database, tagKey),
    apiKeys: createApiKeyStore(database),
    proofs: createProofStore(database),
    alertStore: createAlertStore(database),
    ledger: createLedger(database, tagKey),
    unlocks: createUnlockStore(database, tagKey),
    passwordStore: createPasswordStore(database, tagKey),
    passwordLedger: createPasswordLedger(database, tagKey),
    invitations: createInvitationStore(database, tagKey),
    keys: createKeyStore(database),
    verifications: createVerificationStore(database),
    limits: createLimitStore(database),
    baselines: createBaselineStore(database),
  };
}
