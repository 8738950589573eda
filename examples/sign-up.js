// Registration and sign-in: your app lets people in by their phone, and your backend knows them by their access token.
import { createRemoteJWKSet, jwtVerify } from "jose";
import { PHONEKEY_URL, phonekey } from "./phonekey.js";
import { ask, main } from "./terminal.js";

/** In your app: a code for the number, then a session for the code. The first time this makes the user. */
async function signUp() {
  const phone = await ask("Your mobile number?");
  const { id, codeLength } = await phonekey("POST", "/v1/verifications", { body: { phone } });
  const code = await ask(`The ${codeLength} digits of the message?`);
  return await phonekey("POST", "/v1/sessions", { body: { verificationId: id, code } });
}

// Keys are fetched once, and again when there is a new one.
const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", PHONEKEY_URL));
// The origin under which Phonekey knows itself: `PUBLIC_URL`.
const issuer = process.env.PHONEKEY_ISSUER ?? PHONEKEY_URL;

/** In your backend, for every request: whose access token this is. It needs no call to Phonekey. */
async function userOf(accessToken) {
  const { payload } = await jwtVerify(accessToken, keys, {
    issuer,
    audience: issuer,
    typ: "at+jwt",
    algorithms: ["ES256"],
  });
  return payload.sub;
}

await main(async () => {
  const session = await signUp();
  const userId = await userOf(session.accessToken);
  console.log(`${session.created ? "Welcome" : "Welcome back"}, user ${userId}.`);

  // Access tokens live a few minutes. The refresh token gives the next, and is replaced by it.
  const next = await phonekey("POST", "/v1/sessions/refresh", {
    body: { refreshToken: session.refreshToken },
  });
  await phonekey("DELETE", "/v1/sessions/current", { token: next.accessToken });
  console.log("Signed out.");
});
