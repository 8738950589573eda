import { AsyncLocalStorage } from "node:async_hooks";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { isIP } from "node:net";

/** A connection that is not open after this time is given up, while there is time to try once more. */
const CONNECT_MS = 3_000;
/** Longer than any call may take, so that no request is in flight when connections are thrown away. */
const IDLE_MS = 75_000;

/** Kept-alive connections that can tell of a failed call whether its request may have left this machine. */
export interface Connections {
  readonly agent: HttpAgent;
  /** The name by which the cloud is asked, if it is not the product's own host. */
  readonly host?: string;
  /** Runs one call, and lets it ask whether its request may have left so far. */
  track<T>(call: (hasLeft: () => boolean) => Promise<T>): Promise<T>;
  /** Must be called within a call: from here on a kept connection may carry its request. */
  leaving(): void;
}

/** Nothing has left as long as the connection that was opened for the request is not established, TLS included. */
interface Attempt {
  hasLeft: boolean;
}

/**
 * @param endpoint an origin to connect to instead of the requested host. If it is another host of the cloud, it is
 *   asked by its own name. For all others requests keep their `Host` and signature, because the client library would
 *   sign for the first label of another host, and without its port. There is always an agent, which also keeps the
 *   library from obeying a lower-case `http_proxy`.
 */
export function createConnections(endpoint?: string): Connections {
  const attempts = new AsyncLocalStorage<Attempt>();
  const host = endpoint === undefined ? undefined : cloudHostOf(endpoint);
  const agent = agentFor(endpoint);
  watchConnecting(agent, attempts);
  const leaving = () => {
    const attempt = attempts.getStore();
    if (attempt) attempt.hasLeft = true;
  };
  let lastUsedAt = 0;
  return {
    agent,
    ...(host && { host }),
    leaving,
    track(call) {
      // An instance of a function may have been frozen. Then its kept connections are lost without notice.
      if (Date.now() - lastUsedAt > IDLE_MS) agent.destroy();
      lastUsedAt = Date.now();
      const attempt: Attempt = { hasLeft: false };
      return attempts.run(attempt, () => call(() => attempt.hasLeft));
    },
  };
}

function watchConnecting(agent: HttpAgent, attempts: AsyncLocalStorage<Attempt>): void {
  const connect = agent.createConnection.bind(agent);
  const event = agent instanceof HttpsAgent ? "secureConnect" : "connect";
  agent.createConnection = (options, callback) => {
    const attempt = attempts.getStore() ?? { hasLeft: true };
    attempt.hasLeft = false;
    const socket = connect(options, callback);
    const late = setTimeout(() => socket?.destroy(new Error("no connection in time")), CONNECT_MS).unref();
    socket?.once("close", () => clearTimeout(late));
    socket?.once(event, () => {
      attempt.hasLeft = true;
      clearTimeout(late);
    });
    return socket;
  };
}

/**
 * A host such as `sms.ap-singapore.tencentcloudapi.com` (cloud.tencent.com/document/api/382/38766) begins with the
 * service that is signed for.
 */
const CLOUD_HOST = /^(sms|captcha)\.([\w.-]+\.)?tencentcloudapi\.com$/;

function cloudHostOf(endpoint: string): string | undefined {
  const { protocol, hostname, host } = new URL(endpoint);
  return protocol === "https:" && CLOUD_HOST.test(hostname) ? host : undefined;
}

function agentFor(endpoint: string | undefined): HttpAgent {
  if (endpoint === undefined || cloudHostOf(endpoint)) return new HttpsAgent({ keepAlive: true });
  const { protocol, hostname, port } = new URL(endpoint);
  const host = hostname.replace(/^\[|\]$/g, "");
  if (protocol === "http:") return new HttpAgent({ keepAlive: true, host, port: Number(port || 80) });
  // An IP address is no server name (RFC 6066, section 3). In that case the certificate is checked against the host.
  const servername = isIP(host) ? "" : host;
  return new HttpsAgent({ keepAlive: true, host, port: Number(port || 443), servername });
}
