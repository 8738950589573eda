import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { phoneNumber } from "better-auth/plugins";
import { createPool } from "mysql2/promise";
import { DATABASE_URL, PORT } from "../floor/wire.js";

/**
 * better-auth with its phone-number plugin on the same MariaDB, as its documentation shows; production rules, but its limiter
 * of requests lifted, as Phonekey's thresholds are. A code is handed to whoever asked, in a header.
 */
const codes = new Map();
const auth = betterAuth({
  baseURL: `http://127.0.0.1:${PORT}`,
  secret: "a secret of thirty-two characters or more, for a benchmark",
  database: createPool({ uri: DATABASE_URL, timezone: "Z", connectionLimit: 10 }),
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  plugins: [
    phoneNumber({
      sendOTP: ({ phoneNumber: phone, code }) => void codes.set(phone, code),
      signUpOnVerification: {
        getTempEmail: (phone) => `${phone.slice(1)}@phones.example`,
        getTempName: (phone) => phone,
      },
    }),
  ],
});

await (await getMigrations(auth.options)).runMigrations();

const handle = toNodeHandler(auth);
const server = createServer((request, response) => {
  const phone = request.headers["x-phone"];
  if (phone) {
    const writeHead = response.writeHead.bind(response);
    response.writeHead = (...args) => {
      response.setHeader("x-code", codes.get(phone) ?? "");
      codes.delete(phone);
      return writeHead(...args);
    };
  }
  return handle(request, response);
});
server.listen(Number(PORT), "127.0.0.1", () => process.send?.({}));
process.once("disconnect", () => process.exit());
