/** What the maintenance function can be asked to do. */
export type Order =
  | { readonly action: "doctor" | "tick" }
  /** With `contract`, also removes what the previous version still uses. */
  | { readonly action: "migrate"; readonly contract: boolean }
  /** Imports the users of the demo from this table. */
  | { readonly action: "import"; readonly table: string };

/** Fields of the events of HTTP requests. An order has none of them. */
const HTTP_FIELDS = [
  "httpMethod",
  "requestContext",
  "headers",
  "path",
  "queryString",
  "queryStringParameters",
];

/**
 * Reads the event of a timer, whose `Message` is an action or JSON such as `{"action":"migrate"}`, or a test event of
 * the console, which is that JSON. A timer without a message means `tick`.
 *
 * @returns a sentence that says why, if the event is no order; an event that came by a URL never is one
 */
export function readOrder(event: unknown): Order | string {
  const given = isRecord(event) ? event : {};
  if (HTTP_FIELDS.some((name) => name in given)) return "no URL may lead to the maintenance function";
  const { action, contract, table = "info" } = given.Type === "Timer" ? readMessage(given.Message) : given;
  if (action === "doctor" || action === "tick") return { action };
  if (action === "migrate") return { action, contract: contract === true };
  if (action !== "import") return "action must be one of migrate, doctor, import, tick";
  return typeof table === "string" ? { action, table } : "table must be the name of a table";
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
