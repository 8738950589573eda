export { endOneSession, endOtherSessions, showAccount, signOut, submitProfile } from "./account.ts";
export { sendConfirmCode, showConfirm, submitConfirm } from "./confirm.ts";
export { downloadData, sendEraseCode, showData, submitErase } from "./data.ts";
export {
  addPasskey,
  confirmApp,
  removeFactor,
  renewCodes,
  setProtection,
  showFactors,
  startApp,
} from "./factors.ts";
export { resendReset, showForgotten, showReset, submitForgotten, submitReset } from "./forgotten.ts";
export { readInbox, showInbox } from "./inbox.ts";
export { removePassword, showPassword, submitPassword } from "./password.ts";
export { showPasswordSignIn, submitPasswordSignIn } from "./password-sign-in.ts";
export {
  cancelPhoneChange,
  resendPhoneChangeCode,
  sendPhoneChangeCode,
  showPhoneChange,
  submitPhoneChange,
} from "./phone-change.ts";
export { sendSecondCode, showSecondStep } from "./second-step.ts";
export {
  resendCode,
  showCode,
  showPhone,
  showTemporaryPassword,
  submitCode,
  submitPhone,
  submitSecond,
} from "./sign-in.ts";
export { showStop, submitStop } from "./stop.ts";
export { resendVerify, showVerify, submitVerify } from "./verify.ts";
