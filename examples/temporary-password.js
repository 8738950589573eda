// Temporary password: your help desk lets somebody in who cannot get in otherwise. Nobody but the person sees the password.
import { phonekey } from "./phonekey.js";
import { ask, main, needed } from "./terminal.js";

const apiKey = needed("PHONEKEY_API_KEY");

/** In your backend: has a password sent to the person, and gets a page on which it is entered. */
async function help(phone) {
  return await phonekey("POST", "/v1/verifications", {
    token: apiKey,
    body: { phone, purpose: "temporary_password", page: {} },
  });
}

await main(async () => {
  const { id, pageUrl } = await help(await ask("Whom do you help? Their mobile number?"));
  console.log(`Tell them to open ${pageUrl}, or let your own app ask:`);

  // In your app: it works like a code, once, until `expiresAt`, for this verification alone.
  const code = await ask("The password of the message?");
  const session = await phonekey("POST", "/v1/sessions", { body: { verificationId: id, code } });
  console.log(`User ${session.user.id} is in.`);
  if (session.mustSetPassword) console.log("They choose a password of their own next.");
});
