export { checkVerification, redeemProof } from "./operations/backend.ts";
export { offerChallenge } from "./operations/challenges.ts";
export { eraseMe, exportMe } from "./operations/data.ts";
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
} from "./operations/factors.ts";
export { readMe, updateMe } from "./operations/me.ts";
export { removePassword, resetPassword, setPassword } from "./operations/passwords.ts";
export { cancelPhoneChange, changePhone, readPhone } from "./operations/phone.ts";
export {
  endCurrentSession,
  endSession,
  endSessions,
  listSessions,
  openSession,
  refreshSession,
  stepUpSession,
} from "./operations/sessions.ts";
export { readVerification, resendVerification, startVerification } from "./operations/verifications.ts";
