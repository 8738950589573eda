// Identity verification: your backend finds out whether somebody holds a phone, say before a contract is signed by it.
import { randomUUID } from "node:crypto";
import { phonekey } from "./phonekey.js";
import { ask, main, needed } from "./terminal.js";

const apiKey = needed("PHONEKEY_API_KEY");

/** Sends a code in your name. The id belongs into this visitor's session; what you call it by goes into `reference`. */
async function start(phone, reference, clientAddress) {
  return await phonekey("POST", "/v1/verifications", {
    token: apiKey,
    // Whatever happens to this request, repeating it sends no second message.
    headers: { "idempotency-key": randomUUID() },
    body: { phone, purpose: "verify_identity", reference, clientAddress },
  });
}

/** Looks at what the person typed into your page; the right code gives a proof. */
async function check(id, code, clientAddress) {
  const { proof } = await phonekey("POST", `/v1/verifications/${id}/check`, {
    token: apiKey,
    body: { code, clientAddress },
  });
  return proof;
}

/** What the proof shows. It is redeemed once, and counts only if it is about the verification that you started here. */
async function redeem(proof, id) {
  const proven = await phonekey("POST", "/v1/proofs/redeem", { token: apiKey, body: { proof } });
  if (proven.verificationId !== id) throw new Error("a proof of something else");
  return proven;
}

await main(async () => {
  // The address of the person's device, as your server sees it: limits by address count under it.
  const clientAddress = "203.0.113.7";
  const phone = await ask("The number to be verified?");
  const { id, codeLength } = await start(phone, "contract-4711", clientAddress);
  const code = await ask(`The ${codeLength} digits of the message?`);
  const proven = await redeem(await check(id, code, clientAddress), id);
  console.log(`${proven.phone} is theirs, for ${proven.reference}, at ${proven.approvedAt}.`);
});
