export { checkVerification, redeemProof } from "./backend.ts";
export { offerChallenge } from "./challenges.ts";
export { eraseMe, exportMe } from "./data.ts";
export {
  addPasskey,
  askForPasskey,
  askForStepUpPasskey,
  confirmApp,
  offerPasskey,
  proposeApp,
  readFactors,
  removeFactor,
  renewRecoveryCodes,
  setLoginProtection,
} from "./factors.ts";
export { readMe, updateMe } from "./me.ts";
export { removePassword, resetPassword, setPassword } from "./passwords.ts";
export { cancelPhoneChange, changePhone, readPhone } from "./phone.ts";
export {
  endCurrentSession,
  endSession,
  endSessions,
  listSessions,
  openSession,
  refreshSession,
  stepUpSession,
} from "./sessions.ts";
export { readVerification, resendVerification, startVerification } from "./verifications.ts";
