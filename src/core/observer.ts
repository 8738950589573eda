import type { RefusedDevice } from "./account/device.ts";
import type { AlertKind } from "./alerts/kinds.ts";
import type { SendStatus } from "./delivery/ports.ts";
import type { CarrierReport } from "./delivery/receipts.ts";
import type { ChallengeKind, Verdict } from "./protection/challenges/ports.ts";
import type { Decision } from "./protection/sends.ts";
import type { GuessOutcome } from "./verification/ports.ts";

/**
 * Told of what happened, for log and metrics: kinds and outcomes that this program knows, never whom it was about and
 * nothing that a caller wrote. No method throws or keeps anybody waiting.
 */
export interface Observer {
  /** A send was judged. */
  onDecision(decision: Decision): void;
  /** A solution of a challenge was judged. */
  onVerdict(kind: ChallengeKind, verdict: Verdict["status"]): void;
  /** A sender answered; `none` where there was none to ask. */
  onSent(sender: string, status: SendStatus): void;
  /** A guess was made; `dead` where there was nothing left to guess at. */
  onGuess(outcome: GuessOutcome): void;
  /** A device token was shown, and whoever showed it is a stranger all the same. */
  onRefusedDevice(why: RefusedDevice): void;
  /** A carrier's report came: what it says of a message of ours, or that it came before that or fits none. */
  onReport(sender: string, outcome: CarrierReport["outcome"] | "early" | "unmatched"): void;
  /** An alert began or ended. */
  onAlert(kind: AlertKind, what: "raised" | "cleared"): void;
}

/** For work that nobody watches. */
export const UNOBSERVED: Observer = {
  onDecision: () => {},
  onVerdict: () => {},
  onSent: () => {},
  onGuess: () => {},
  onRefusedDevice: () => {},
  onReport: () => {},
  onAlert: () => {},
};
