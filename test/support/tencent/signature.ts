import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** What a signature of TC3-HMAC-SHA256 is made of, as it arrived. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** The `Authorization` header, taken apart. */
export interface Authorization {
  readonly secretId: string;
  /** `YYYY-MM-DD` in UTC. */
  readonly date: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const AUTHORIZATION =
  /^TC3-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{4}-\d{2}-\d{2})\/([a-z0-9-]+)\/tc3_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;

export function readAuthorization(header: string | undefined): Authorization | undefined {
  const parts = AUTHORIZATION.exec(header ?? "");
  if (!parts) return undefined;
  const [, secretId = "", date = "", service = "", signed = "", signature = ""] = parts;
  return { secretId, date, service, signedHeaders: signed.split(";"), signature };
}

/**
 * The signature that this request must have, written from the description of the algorithm and not from the client
 * library (Tencent Cloud, "API 3.0 signature v3").
 *
 * @param timestamp seconds, as in `X-TC-Timestamp`
 */
export function signatureOf(
  request: SignedRequest,
  { date, service, signedHeaders }: Pick<Authorization, "date" | "service" | "signedHeaders">,
  timestamp: string,
  secretKey: string,
): string {
  const scope = `${date}/${service}/tc3_request`;
  const text = ["TC3-HMAC-SHA256", timestamp, scope, sha256(canonical(request, signedHeaders))].join("\n");
  const key = [date, service, "tc3_request"].reduce<Buffer>(
    (previous, part) => hmac(previous, part),
    Buffer.from(`TC3${secretKey}`),
  );
  return hmac(key, text).toString("hex");
}

export function equalSignatures(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

export function canonical(request: SignedRequest, signedHeaders: readonly string[]): string {
  const headers = signedHeaders.map((name) => `${name}:${canonicalValue(name, request.headers[name])}\n`);
  const { method, path, query, body } = request;
  return [method, path, query, headers.join(""), signedHeaders.join(";"), sha256(body)].join("\n");
}

/** The cloud listens on its own port, so a port never is part of the host that is signed. */
function canonicalValue(name: string, value = ""): string {
  const text = value.trim();
  if (name === "host") return text.replace(/:\d+$/, "").toLowerCase();
  return name === "x-tc-action" ? text.toLowerCase() : text;
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
