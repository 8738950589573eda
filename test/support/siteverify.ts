import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One token that a browser was given, and what the service knows of it. */
interface Issued {
  readonly hostname: string;
  readonly solvedAt: number;
  /** The idempotency key of the request that used it, or a mark that it was used without one. */
  usedBy?: string;
}

export interface SiteverifyOptions {
  readonly kind: "turnstile" | "hcaptcha";
  readonly siteKey: string;
  readonly secretKey: string;
}

/** What happens to the next request. */
export type Trouble = "hang" | "cut" | "garbage" | { readonly status: number } | { readonly codes: string[] };

const PATHS = { turnstile: "/turnstile/v0/siteverify", hcaptcha: "/siteverify" };
const LIFE_MS = { turnstile: 300_000, hcaptcha: 120_000 };

/** Cloudflare's and hCaptcha's `siteverify`, as strict as they describe it: form, secret, one use, age, site key. */
export async function startSiteverify(options: SiteverifyOptions, clock = { now: Date.now }) {
  const tokens = new Map<string, Issued>();
  const seen: Record<string, string>[] = [];
  const troubles: Trouble[] = [];
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = Buffer.concat(await request.toArray()).toString();
    const fields = Object.fromEntries(new URLSearchParams(text));
    const trouble = troubles.shift();
    if (trouble === "hang") return;
    if (trouble === "cut") return void response.destroy();
    if (trouble === "garbage") return void response.end("<html>");
    if (trouble && "status" in trouble) return void response.writeHead(trouble.status).end("{}");
    seen.push(fields);
    const type = request.headers["content-type"] ?? "";
    const isForm = request.method === "POST" && type.startsWith("application/x-www-form-urlencoded");
    const codes = trouble?.codes ?? (isForm ? judge(fields) : ["bad-request"]);
    const token = tokens.get(fields.response ?? "");
    const body = { success: codes.length === 0, "error-codes": codes, hostname: token?.hostname };
    response.writeHead(request.url === PATHS[options.kind] ? 200 : 404, {
      "content-type": "application/json",
    });
    response.end(JSON.stringify(body));
  }

  function judge(fields: Record<string, string>): string[] {
    const { secret, response, sitekey, idempotency_key: key } = fields;
    if (!secret) return ["missing-input-secret"];
    if (secret !== options.secretKey) return ["invalid-input-secret"];
    if (sitekey !== undefined && sitekey !== options.siteKey) return ["sitekey-secret-mismatch"];
    if (!response) return ["missing-input-response"];
    const token = tokens.get(response);
    if (!token) return ["invalid-input-response"];
    const isOld = clock.now() - token.solvedAt >= LIFE_MS[options.kind];
    const isUsed = token.usedBy !== undefined && (key === undefined || token.usedBy !== key);
    const turnstile = options.kind === "turnstile";
    if (isOld) return [turnstile ? "timeout-or-duplicate" : "expired-input-response"];
    if (isUsed) return [turnstile ? "timeout-or-duplicate" : "already-seen-response"];
    token.usedBy = key ?? "used";
    return [];
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Every form that came, oldest first. */
    seen,
    troubles,
    /** A token, as the widget gives it to a browser that solved its challenge on this host. */
    solve(hostname = "localhost"): string {
      const token = `0.${"x".repeat(20)}.${tokens.size}`;
      tokens.set(token, { hostname, solvedAt: clock.now() });
      return token;
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
