import type { FactorStore, Passkeys, Totp } from "./account/factors/ports.ts";
import type { UserStore } from "./account/ports.ts";
import type { SignUpDeps } from "./account/sign-up.ts";
import type { Alerts } from "./alerts/ports.ts";
import type { AuthenticateBackendDeps } from "./backend/api-key.ts";
import type { ApiKeyStore, ProofStore } from "./backend/ports.ts";
import type { MessageStore } from "./delivery/ports.ts";
import type { ReceiptStore, ReplyStore } from "./delivery/receipt-ports.ts";
import type { Keyring } from "./keys.ts";
import type { AccountStore } from "./life/account-ports.ts";
import type { LifeDeps } from "./life/index.ts";
import type { PhoneChangeStore } from "./life/ports.ts";
import type { NoticesDeps } from "./notices/notices.ts";
import type { NoticeStore } from "./notices/ports.ts";
import type { Observer } from "./observer.ts";
import type { CommonPasswords, PasswordHasher, PasswordLedger, PasswordStore } from "./password/ports.ts";
import type { Clock, Random } from "./ports.ts";
import type { Ledger } from "./protection/budgets/ports.ts";
import type { Challenges } from "./protection/challenges/ports.ts";
import type { LimitStore } from "./protection/limits/ports.ts";
import type { RebuildDeps } from "./protection/rebuild.ts";
import type { SessionStore, Tokens } from "./session/ports.ts";
import type { SignInDeps } from "./session/sign-in.ts";
import type { PhoneVault, TextVault } from "./vault.ts";
import type { VerificationDeps, VerificationSettings } from "./verification/deps.ts";
import type { VerificationStore } from "./verification/ports.ts";

/** All that Phonekey's rules need from outside. */
export interface PhonekeyDeps extends Observer {
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: VerificationSettings &
    NoticesDeps["settings"] &
    LifeDeps["settings"] &
    SignInDeps["settings"];

  // Keys, and what is made with them.
  readonly keyring: Keyring;
  readonly vault: PhoneVault & TextVault;
  readonly tokens: Tokens;
  readonly totp: Totp;
  readonly passkeys: Passkeys;
  readonly passwordHasher: PasswordHasher;

  // What lives for minutes or days.
  readonly verifications: VerificationStore;
  readonly limits: LimitStore;

  // What is kept in the database.
  readonly users: UserStore;
  readonly sessions: SessionStore;
  readonly invitations: SignUpDeps["invitations"];
  readonly factorStore: FactorStore;
  readonly passwordStore: PasswordStore;
  readonly passwordLedger: PasswordLedger;
  readonly phoneChanges: PhoneChangeStore;
  readonly accounts: AccountStore;
  readonly ledger: Ledger;
  readonly messages: MessageStore;
  readonly receipts: ReceiptStore;
  readonly replies: ReplyStore;
  readonly noticeStore: NoticeStore;
  readonly apiKeys: ApiKeyStore;
  readonly proofs: ProofStore;

  // What sends, and what judges callers and passwords.
  readonly route: VerificationDeps["route"];
  readonly deadline: VerificationDeps["deadline"];
  readonly challenges?: Challenges;
  readonly learned: VerificationDeps["learned"];
  readonly commonPasswords: CommonPasswords;
  readonly isWithin: AuthenticateBackendDeps["isWithin"];

  // What the operator is told, besides what an observer is.
  readonly alerts: Alerts;
  readonly report: VerificationDeps["report"];
  readonly reportApiKey: AuthenticateBackendDeps["reportApiKey"];
  readonly onErased: LifeDeps["onErased"];
  readonly onNoticeError: NoticesDeps["onNoticeError"];
  readonly onUnreadable: RebuildDeps["onUnreadable"];
}
