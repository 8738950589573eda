// Transaction confirmation: somebody confirms one payment, of one amount to one payee, and no other (dynamic linking).
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { phonekey } from "./phonekey.js";
import { ask, main, needed } from "./terminal.js";

const apiKey = needed("PHONEKEY_API_KEY");
const port = Number(process.env.PORT ?? 3000);
/** Where Phonekey's page sends people back to; the API key names it with `--return-to`. */
const returnTo = `http://localhost:${port}/back`;

/** What is to be confirmed. `hash` stands for all that the person is not shown: here, the account that pays. */
const payment = {
  amount: "120.00",
  currency: "CNY",
  payee: "Example Shop",
  hash: createHash("sha256").update("from account 6222-02").digest("base64url"),
};

/** The SHA-256 that a proof carries of what was confirmed. */
function hashOf({ amount, currency, payee, hash = "" }) {
  return createHash("sha256")
    .update(JSON.stringify([amount, currency, payee, hash]))
    .digest("base64url");
}

/** Starts it. `state` is a secret of this visitor's session: keep it there, and show it to nobody. */
async function start(phone, state) {
  return await phonekey("POST", "/v1/verifications", {
    token: apiKey,
    body: {
      phone,
      purpose: "confirm_transaction",
      transaction: payment,
      page: { returnTo, state },
    },
  });
}

/** Calls `came` when this visitor comes back from Phonekey's page: who has the state has entered the code. */
function backend(state, came) {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, returnTo);
    const isTheirs = pathname === "/back" && searchParams.get("state") === state;
    response.writeHead(isTheirs ? 200 : 403).end(isTheirs ? "Thank you.\n" : "That is not your payment.\n");
    if (!isTheirs) return;
    server.close();
    came();
  });
  return server.listen(port, "localhost");
}

/** Fetches the proof and redeems it, once; it must be of this very payment. */
async function confirmed(id) {
  const { proof } = await phonekey("GET", `/v1/verifications/${id}`, { token: apiKey });
  const proven = await phonekey("POST", "/v1/proofs/redeem", { token: apiKey, body: { proof } });
  return proven.verificationId === id && proven.transactionHash === hashOf(payment);
}

await main(async () => {
  const state = randomBytes(16).toString("base64url");
  const { id, pageUrl } = await start(await ask("The mobile number of the one who pays?"), state);
  await new Promise((came) => {
    backend(state, came).once("listening", () => console.log(`Open ${pageUrl}`));
  });
  console.log((await confirmed(id)) ? `Paid ${payment.amount} ${payment.currency}.` : "Nothing was paid.");
});
