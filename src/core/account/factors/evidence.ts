import type { Method } from "../../session/methods.ts";
import type { PasskeyAnswer } from "./ports.ts";

/** What a person shows to prove a factor of theirs. */
export type Evidence =
  | { readonly by: "sms"; readonly verificationId: string; readonly code: string }
  | { readonly by: "pwd"; readonly password: string }
  | { readonly by: "otp"; readonly code: string }
  | { readonly by: "pop"; readonly answer: PasskeyAnswer }
  | { readonly by: "recovery"; readonly code: string };

type OfMethod<M extends Method> = Extract<Evidence, { readonly by: M }>;

export type AppCode = OfMethod<"otp">;
export type PasskeyEvidence = OfMethod<"pop">;
export type RecoveryEvidence = OfMethod<"recovery">;
