import { AsyncLocalStorage } from "node:async_hooks";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { isIP } from "node:net";

/** A connection that is not there by then is given up, while there is time to try once more. */
const CONNECT_MS = 3_000;
/** Longer than any call may take, so that nothing is in flight when connections are thrown away. */
const IDLE_MS = 75_000;

/** Kept-alive connections that can tell of a call that failed whether its request may have left this machine. */
export interface Connections {
  readonly agent: HttpAgent;
  /** By which name the cloud is asked, where it is not the product's own host. */
  readonly host?: string;
  /** Runs one call, which is told what became of its request so far. */
  track<T>(call: (hasLeft: () => boolean) => Promise<T>): Promise<T>;
  /** To be said within a call: a kept connection may carry its request from here on. */
  leaving(): void;
}

/** Nothing has left while a connection that was opened for the request is not there yet, TLS included. */
interface Attempt {
  hasLeft: boolean;
}

/**
 * @param endpoint an origin to connect to instead of the host that is asked for. Another one of the cloud's own is asked by
 * its name. For all others requests stay as they are, with their `Host` and signature: the client library would sign for the
 * first label of another host, and without its port. That there always is an agent also keeps the library from obeying a
 * lower-case `http_proxy`.
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
      // An instance of a function may have been frozen: what it kept open is gone without a word.
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
  // An address is no server name (RFC 6066, section 3); the certificate is held against the host then.
  const servername = isIP(host) ? "" : host;
  return new HttpsAgent({ keepAlive: true, host, port: Number(port || 443), servername });
}
