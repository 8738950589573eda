import type { UserStore } from "../account/ports.ts";
import type { ApiKeyStore } from "../backend/ports.ts";
import type { DeliverDeps } from "../delivery/deliver.ts";
import type { Keyring } from "../keys.ts";
import type { Observer } from "../observer.ts";
import type { PhonePolicy } from "../phone.ts";
import type { Clock, Random } from "../ports.ts";
import type { CodeLengths } from "../protection/budgets/ledger.ts";
import type { Ledger } from "../protection/budgets/ports.ts";
import type { Challenges } from "../protection/challenges/ports.ts";
import type { Learned } from "../protection/guard/learned.ts";
import type { LimitStore } from "../protection/limits/ports.ts";
import type { TakeSend } from "../protection/rebuild.ts";
import type { ProtectionSettings } from "../protection/sends.ts";
import type { Tokens } from "../session/ports.ts";
import type { PhoneVault, TextVault } from "../vault.ts";
import type { VerificationStore } from "./ports.ts";
import type { TestNumber } from "./test-numbers.ts";

export interface VerificationDeps
  extends DeliverDeps,
    Pick<Observer, "onDecision" | "onVerdict" | "onRefusedDevice"> {
  readonly clock: Clock;
  readonly random: Random;
  readonly keyring: Keyring;
  readonly vault: PhoneVault & TextVault;
  readonly apiKeys: Pick<ApiKeyStore, "findLive">;
  readonly tokens: Tokens;
  readonly users: Pick<UserStore, "find">;
  readonly verifications: VerificationStore;
  readonly limits: LimitStore;
  readonly takeSend: TakeSend;
  /** What was learned from the last days' traffic. */
  readonly learned: () => Promise<Learned>;
  readonly ledger: Ledger;
  /** Absent if nobody is ever challenged. */
  readonly challenges?: Challenges;
  readonly settings: VerificationSettings;
}

export interface VerificationSettings extends ProtectionSettings {
  readonly phones: PhonePolicy;
  readonly codeLengths: CodeLengths;
  readonly codeTtlMs: number;
  /** Guesses at one code. */
  readonly codeAttempts: number;
  readonly testNumbers: readonly TestNumber[];
  /** How long a change of phone waits before it takes effect; 0 if it does not wait. */
  readonly phoneChangeMs: number;
  readonly brandName: string;
  /** Host of the sign-in page, for the origin-bound line of messages. */
  readonly host?: string;
}
