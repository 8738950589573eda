/** What the maintenance function can be asked to do. */
export const ACTIONS = ["migrate", "doctor", "import", "tick"] as const;

export interface Order {
  readonly action: (typeof ACTIONS)[number];
  /** Of `migrate`: also removes what the version before still uses. */
  readonly contract: boolean;
  /** Of `import`: the demo's table. */
  readonly table: string;
}

/** What an HTTP request would bring. */
const HTTP = ["httpMethod", "requestContext", "headers", "path", "queryString", "queryStringParameters"];

/**
 * Reads the event of a timer, whose `Message` is an action or JSON such as `{"action":"migrate"}`, or a test event of
 * the console, which is that JSON. A timer without a message means `tick`.
 *
 * @returns why not, where it is none of these; an event that came by a URL never gives an order
 */
export function readOrder(event: unknown): Order | string {
  const given = isRecord(event) ? event : {};
  if (HTTP.some((name) => name in given)) return "no URL may lead to the maintenance function";
  const order = given.Type === "Timer" ? readMessage(given.Message) : given;
  const action = ACTIONS.find((name) => name === order.action);
  if (!action) return `action must be one of ${ACTIONS.join(", ")}`;
  const table = order.table ?? "info";
  if (typeof table !== "string") return "table must be the name of a table";
  return { action, contract: order.contract === true, table };
}

function readMessage(message: unknown): Record<string, unknown> {
  if (typeof message !== "string" || message.trim() === "") return { action: "tick" };
  try {
    const read: unknown = JSON.parse(message);
    return isRecord(read) ? read : {};
  } catch {
    return { action: message.trim() };
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
