// Password reset: somebody who forgot their password chooses a new one by a code. Whether a number has an account is told
// to whoever entered the right code alone.
import { phonekey } from "./phonekey.js";
import { ask, main } from "./terminal.js";

/** In your app: a code for the number, and with it the new password. Every session and device of the account ends. */
async function resetPassword() {
  const phone = await ask("Your mobile number?");
  const { id } = await phonekey("POST", "/v1/verifications", { body: { phone, purpose: "reset_password" } });
  const code = await ask("The digits of the message?");
  const newPassword = await ask("Your new password?");
  await phonekey("POST", "/v1/password-resets", { body: { verificationId: id, code, newPassword } });
  return { phone, password: newPassword };
}

await main(async () => {
  const { phone, password } = await resetPassword();
  const { user } = await phonekey("POST", "/v1/sessions", { body: { phone, password } });
  console.log(`User ${user.id} is in, by their new password.`);
});
