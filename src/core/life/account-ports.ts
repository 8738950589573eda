import type { User } from "../account/ports.ts";

/** Who wants it: the person themselves, or an operator. */
export type By = "user" | "operator";

export interface ErasedAccount {
  readonly userId: string;
  /** All tags that the phone has or had. */
  readonly tags: readonly string[];
  /** A new id: what is left of the phone is remembered under it until it goes. */
  readonly id: string;
  readonly by: By;
  /** The session that asks for it: without it, or where the phone has none of the tags, nothing is erased. */
  readonly sessionId?: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** All that is kept about the person who has an account. Times are epoch milliseconds. */
export interface AccountData {
  readonly user: User;
  readonly lastUsedAt?: number;
  /** Authenticator apps and passkeys; nothing that could be used as one. */
  readonly factors: readonly {
    readonly kind: string;
    readonly label: string;
    readonly createdAt: number;
    readonly lastUsedAt?: number;
  }[];
  readonly sessions: readonly {
    readonly id: string;
    readonly deviceId: string;
    readonly userAgent: string;
    readonly methods: readonly string[];
    readonly createdAt: number;
    readonly lastUsedAt: number;
    readonly expiresAt: number;
    readonly endedAt?: number;
  }[];
  readonly events: readonly { readonly type: string; readonly at: number; readonly sessionId?: string }[];
  readonly notices: readonly { readonly kind: string; readonly state: string; readonly at: number }[];
  readonly messages: readonly {
    readonly purpose: string;
    readonly status: string;
    readonly at: number;
    readonly sender?: string;
    /** The backend that asked for it. */
    readonly client?: string;
    readonly reportedAt?: number;
  }[];
  /** What they answered to messages; each text is encrypted for its id. */
  readonly replies: readonly { readonly id: string; readonly sealedText: string; readonly at: number }[];
}

export interface AccountStore {
  /**
   * Takes the account out with everything that names its user or could be opened to their phone, in one durable
   * transaction. What counts against the phone stays under its tag: the ledger of wrong guesses, messages without whom
   * they were for, blocks and opt-outs. False where there is no such user, or the session that asks is over or was shown
   * another phone than the user has.
   *
   * @param onCommit called when nothing is left but to make it durable: whoever hears of a failure then does not know
   */
  erase(account: ErasedAccount, onCommit?: () => void): Promise<boolean>;
  /** What is kept about a user: of what is kept by phone, that since the account has it. Undefined where there is none. */
  read(userId: string, tags: readonly string[]): Promise<AccountData | undefined>;
  /** Notes in the audit trail that somebody got that. */
  noteExport(userId: string, by: By, at: number): Promise<void>;
}
