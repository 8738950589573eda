import { checkVerification, redeemProof } from "./backend.ts";
import { offerChallenge } from "./challenges.ts";
import { eraseMe, exportMe } from "./data.ts";
import { askForPasskey, askForStepUpPasskey, FACTOR_OPERATIONS } from "./factors.ts";
import { readMe, updateMe } from "./me.ts";
import { readHealth, readJwks, readReadiness } from "./meta.ts";
import type { Operation } from "./operation.ts";
import { removePassword, resetPassword, setPassword } from "./passwords.ts";
import { cancelPhoneChange, changePhone, readPhone } from "./phone.ts";
import {
  endCurrentSession,
  endSession,
  endSessions,
  listSessions,
  openSession,
  refreshSession,
  stepUpSession,
} from "./sessions.ts";
import { readVerification, resendVerification, startVerification } from "./verifications.ts";

/** The native API, in the order of the documents. */
export const OPERATIONS: readonly Operation[] = [
  startVerification,
  offerChallenge,
  resendVerification,
  readVerification,
  checkVerification,
  redeemProof,
  openSession,
  refreshSession,
  askForPasskey,
  stepUpSession,
  askForStepUpPasskey,
  listSessions,
  endCurrentSession,
  endSession,
  endSessions,
  readMe,
  updateMe,
  readPhone,
  changePhone,
  cancelPhoneChange,
  exportMe,
  eraseMe,
  ...FACTOR_OPERATIONS,
  setPassword,
  removePassword,
  resetPassword,
  readJwks,
  readHealth,
  readReadiness,
];
