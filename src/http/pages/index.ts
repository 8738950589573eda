export { endOneSession, endOtherSessions, showAccount, signOut, submitProfile } from "./account/account.ts";
export { sendConfirmCode, showConfirm, submitConfirm } from "./account/confirm.ts";
export { downloadData, sendEraseCode, showData, submitErase } from "./account/data.ts";
export {
  addPasskey,
  confirmApp,
  removeFactor,
  renewCodes,
  setProtection,
  showFactors,
  startApp,
} from "./account/factors.ts";
export { removePassword, showPassword, submitPassword } from "./account/password.ts";
export {
  cancelPhoneChange,
  resendPhoneChangeCode,
  sendPhoneChangeCode,
  showPhoneChange,
  submitPhoneChange,
} from "./account/phone-change.ts";
export { readInbox, showInbox } from "./inbox.ts";
export {
  judgeReset,
  resendReset,
  showForgotten,
  showReset,
  submitForgotten,
  submitReset,
} from "./sign-in/forgotten.ts";
export { showPasswordSignIn, submitPasswordSignIn } from "./sign-in/password.ts";
export { sendSecondCode, showSecondStep, submitSecond } from "./sign-in/second-step.ts";
export {
  resendCode,
  showCode,
  showPhone,
  showTemporaryPassword,
  submitCode,
  submitPhone,
} from "./sign-in/sign-in.ts";
export { showStop, submitStop } from "./stop.ts";
export { resendVerify, showVerify, submitVerify } from "./verify.ts";
