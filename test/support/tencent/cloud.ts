import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type CloudCall, CloudError, type CloudProduct } from "./call.ts";
import { equalSignatures, readAuthorization, type SignedRequest, signatureOf } from "./signature.ts";

export interface CloudAccount {
  readonly secretId: string;
  readonly secretKey: string;
  /** Temporary keys are no good without it. */
  readonly token?: string;
}

/** What happens to the next call: refusals, and what networks and broken machines do. */
export type Fault =
  /** The API refuses, whatever was asked. */
  | { readonly error: string }
  /** Something in front of the API answers. */
  | { readonly httpStatus: number; readonly body?: string }
  /** The answer is not what was agreed. */
  | { readonly garbage: string }
  /** The answer comes late. */
  | { readonly slowMs: number }
  /** The answer never comes; `taken` whether the call was done. */
  | { readonly hang: "taken" | "not_taken" }
  /** The connection breaks before the answer. */
  | { readonly cut: "taken" | "not_taken" };

export interface CloudOptions {
  readonly products: readonly CloudProduct[];
  readonly accounts: readonly CloudAccount[];
  /** Epoch milliseconds. */
  readonly clock?: { now(): number };
  readonly port?: number;
}

/** A stand-in for Tencent Cloud's API, as strict as the real one where that is documented. */
export interface Cloud {
  /** Its origin: what `TENCENT_SMS_ENDPOINT` must be. */
  readonly url: string;
  /** Every call whose signature was right, oldest first. */
  readonly calls: CloudCall[];
  /** What happens to the next calls, one each, in this order. */
  readonly faults: Fault[];
  /** How many connections were opened. */
  connections(): number;
  close(): Promise<void>;
}

const WINDOW_SECONDS = 300;
const MOST_BYTES = 10 * 1024 * 1024;

export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const calls: CloudCall[] = [];
  const faults: Fault[] = [];
  const server = createServer((request, response) => {
    answer(options, calls, faults, request, response).catch(() => response.destroy());
  });
  let connections = 0;
  server.on("connection", () => {
    connections += 1;
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    faults,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function answer(
  options: CloudOptions,
  calls: CloudCall[],
  faults: Fault[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const signed = await readRequest(request);
  const fault = faults.shift() ?? { slowMs: 0 };
  if ("httpStatus" in fault) return void response.writeHead(fault.httpStatus).end(fault.body);
  if ("hang" in fault && fault.hang === "not_taken") return;
  if ("cut" in fault && fault.cut === "not_taken") return void response.destroy();

  const body = respond(options, calls, signed, "error" in fault ? fault.error : undefined);
  if ("hang" in fault) return;
  if ("cut" in fault) return void response.destroy();
  if ("slowMs" in fault) await new Promise((resolve) => setTimeout(resolve, fault.slowMs));
  const text = "garbage" in fault ? fault.garbage : JSON.stringify({ Response: body });
  response.writeHead(200, { "content-type": "application/json" }).end(text);
}

async function readRequest(request: IncomingMessage): Promise<SignedRequest> {
  const body = Buffer.concat(await request.toArray());
  const [path = "/", query = ""] = (request.url ?? "/").split("?");
  const headers = request.headers as Record<string, string | undefined>;
  return { method: request.method ?? "", path, query, headers, body };
}

function respond(
  options: CloudOptions,
  calls: CloudCall[],
  request: SignedRequest,
  wanted: string | undefined,
): object {
  const requestId = randomUUID();
  try {
    const product = authenticate(options, request);
    const call = readCall(request, product, requestId, now(options));
    calls.push(call);
    if (wanted !== undefined) throw new CloudError(wanted);
    const action = product.actions[call.action];
    if (!action) throw new CloudError("InvalidAction", "The request action is invalid or not found.");
    return { ...action(call), RequestId: requestId };
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    return { Error: { Code: error.code, Message: error.message }, RequestId: requestId };
  }
}

function now({ clock = Date }: CloudOptions): number {
  return clock.now();
}

/** The product that is asked for by somebody who has the key. */
function authenticate(options: CloudOptions, request: SignedRequest): CloudProduct {
  const { headers } = request;
  const authorization = readAuthorization(headers.authorization);
  if (!authorization) throw new CloudError("AuthFailure.InvalidAuthorization");
  const { secretId, date, service, signedHeaders, signature } = authorization;
  const account = options.accounts.find((one) => one.secretId === secretId);
  if (!account) throw new CloudError("AuthFailure.SecretIdNotFound");

  const timestamp = headers["x-tc-timestamp"] ?? "";
  if (!/^\d{1,11}$/.test(timestamp)) throw new CloudError("MissingParameter");
  const skewSeconds = Math.abs(Number(timestamp) - now(options) / 1000);
  const isToday = date === new Date(Number(timestamp) * 1000).toISOString().slice(0, 10);
  if (skewSeconds > WINDOW_SECONDS || !isToday) throw new CloudError("AuthFailure.SignatureExpire");

  const signsEnough = ["content-type", "host"].every((name) => signedHeaders.includes(name));
  const expected = signatureOf(request, authorization, timestamp, account.secretKey);
  if (!signsEnough || !equalSignatures(signature, expected)) {
    throw new CloudError("AuthFailure.SignatureFailure");
  }
  if (headers["x-tc-token"] !== account.token) throw new CloudError("AuthFailure.TokenFailure");
  return productOf(options, request, service);
}

/** A product may be put together from several groups of actions. */
function productOf({ products }: CloudOptions, { headers }: SignedRequest, service: string): CloudProduct {
  const [host] = (headers.host ?? "").split(".");
  const groups = products.filter((product) => product.service === service && service === host);
  const [first] = groups;
  if (!first) throw new CloudError("NoSuchProduct");
  const version = headers["x-tc-version"];
  if (!groups.some((group) => group.version === version)) throw new CloudError("NoSuchVersion");
  return { ...first, actions: Object.assign({}, ...groups.map(({ actions }) => actions)) };
}

function readCall(
  { method, path, headers, body }: SignedRequest,
  { regions }: CloudProduct,
  requestId: string,
  at: number,
): CloudCall {
  if (method !== "POST" || path !== "/") throw new CloudError("UnsupportedProtocol");
  if (body.length > MOST_BYTES) throw new CloudError("RequestSizeLimitExceeded");
  const region = headers["x-tc-region"];
  if (regions.length > 0 && !region) throw new CloudError("MissingParameter", "Missing `X-TC-Region`.");
  if (regions.length > 0 && !regions.includes(region ?? "")) throw new CloudError("UnsupportedRegion");
  const action = headers["x-tc-action"] ?? "";
  return { action, parameters: readParameters(body), region, host: headers.host, requestId, now: at };
}

function readParameters(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const parameters: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    if (typeof parameters === "object" && parameters !== null && !Array.isArray(parameters)) {
      return parameters as Record<string, unknown>;
    }
  } catch {
    // Refused below.
  }
  throw new CloudError("InvalidParameter", "The request body is not a JSON object.");
}
