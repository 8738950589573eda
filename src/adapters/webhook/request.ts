import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestEncrypted } from "node:https";

/** A connection that is not open after this time is given up, while there is time for an answer. */
const CONNECT_MS = 5_000;
/** An answer is short. A longer or slower one is not read to its end. */
const MOST_READ = 16 * 1024;
const READ_MS = 1_000;

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Why no answer came. */
export class NoAnswerError extends Error {
  /** False if the request certainly never left this machine: its connection, TLS included, was not established. */
  readonly hasLeft: boolean;
  /** The system's own code, if it has one. */
  readonly code: string | undefined;

  constructor(cause: NodeJS.ErrnoException, hasLeft: boolean) {
    super("no answer", { cause });
    this.hasLeft = hasLeft;
    this.code = cause.name === "AbortError" ? undefined : cause.code;
  }
}

/**
 * Posts on a connection of its own. A kept connection may be lost without notice, for example while a function was
 * frozen, and nobody would know what was sent on it. Follows no redirect. Rejects with `NoAnswerError`.
 */
export async function post({ url, headers, body }: Post, signal: AbortSignal): Promise<IncomingMessage> {
  const isEncrypted = url.startsWith("https:");
  const request = isEncrypted ? requestEncrypted : requestPlain;
  const options = { method: "POST", headers: { ...headers, "user-agent": "phonekey" }, agent: false, signal };
  let hasLeft = false;
  return await new Promise((resolve, reject) => {
    const sent = request(url, options, resolve);
    sent.on("error", (error) => reject(new NoAnswerError(error, hasLeft)));
    // An upgrade to another protocol, which was not requested, ends the request without an error.
    sent.once("close", () => reject(new NoAnswerError(new Error("closed"), hasLeft)));
    sent.once("socket", (socket) => {
      const late = setTimeout(() => socket.destroy(new Error("no connection in time")), CONNECT_MS).unref();
      socket.once("close", () => clearTimeout(late));
      socket.once(isEncrypted ? "secureConnect" : "connect", () => {
        hasLeft = true;
        clearTimeout(late);
      });
    });
    sent.end(body);
  });
}

/** The beginning of an answer's body, as text. Empty if the body breaks off. */
export async function readBody(answer: IncomingMessage): Promise<string> {
  let text = "";
  const late = setTimeout(() => answer.destroy(), READ_MS).unref();
  try {
    for await (const piece of answer.setEncoding("utf8")) {
      text += piece;
      if (text.length > MOST_READ) break;
    }
    return text;
  } catch {
    return "";
  } finally {
    clearTimeout(late);
  }
}
