// Login protection: from now on a code by SMS alone does not open this account; an authenticator app is asked for besides.
import { phonekey } from "./phonekey.js";
import { ask, main } from "./terminal.js";

/** In your app: the first factor. Where it is not enough, what is refused brings a challenge for the second. */
async function signIn(phone) {
  const { id } = await phonekey("POST", "/v1/verifications", { body: { phone } });
  const code = await ask("The digits of the message?");
  try {
    return await phonekey("POST", "/v1/sessions", { body: { verificationId: id, code } });
  } catch (refused) {
    if (refused.code !== "second_factor_required") throw refused;
    return await finish(refused.challenge);
  }
}

/** The second factor: the app's code, with the challenge of the first. */
async function finish(challenge) {
  const totp = await ask("The app's code of now?");
  return await phonekey("POST", "/v1/sessions", { body: { challenge, totp } });
}

/** Adds an app and turns login protection on. What changes factors takes a session that is fresh. */
async function protect(token) {
  const app = await phonekey("POST", "/v1/me/factors/totp", { token, body: { label: "Phone" } });
  console.log(`Add this to an authenticator app: ${app.uri}`);
  const code = await ask("The code that it shows?");
  await phonekey("POST", `/v1/me/factors/totp/${app.id}/confirm`, { token, body: { code } });
  await phonekey("PUT", "/v1/me/login-protection", { token, body: { when: "always" } });
}

await main(async () => {
  const phone = await ask("Your mobile number?");
  const { accessToken } = await signIn(phone);
  await protect(accessToken);
  console.log("Protected. Sign in once more:");
  const session = await signIn(phone);
  console.log(`User ${session.user.id} is in, by two factors.`);
});
