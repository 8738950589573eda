import type { IncomingMessage } from "node:http";
import type { Env } from "../context.ts";
import type { Arrive, Fields } from "./arrival.ts";

/**
 * Removes the platform's fields from a request, in place, before anything reads them.
 *
 * @returns the connection as routes see it: the client's address instead of the platform's
 */
export function takeIn(incoming: IncomingMessage, arrive: Arrive): Env["Bindings"] {
  const { fields, peer } = arrive(fieldsOf(incoming), { neighbour: incoming.socket.remoteAddress });
  incoming.rawHeaders = fields.flat();
  const kept = new Set(fields.map(([name]) => name.toLowerCase()));
  for (const name of Object.keys(incoming.headers)) if (!kept.has(name)) delete incoming.headers[name];
  return {
    incoming: {
      socket: { remoteAddress: peer },
      get readableAborted() {
        return incoming.readableAborted;
      },
    },
  };
}

function fieldsOf({ rawHeaders }: IncomingMessage): Fields {
  return rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ""] as const] : []));
}
