import type { Refusal } from "../../core/refusals.ts";
import { plainProblem } from "../problem.ts";

/** What SCF makes an HTTP response of. */
export interface ScfAnswer {
  readonly isBase64Encoded: boolean;
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
}

/** A response in the form that SCF accepts: text as it is, everything else in base64, several cookies as a list. */
export async function answerOf(response: Response): Promise<ScfAnswer> {
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = textOf(bytes);
  return {
    isBase64Encoded: text === undefined,
    statusCode: response.status,
    headers: headersOf(response.headers),
    body: text ?? bytes.toString("base64"),
  };
}

/** The answer to what never reached a route. */
export function refusalAnswer(refusal: Refusal): ScfAnswer {
  const { status, headers, body } = plainProblem(refusal);
  const { connection: _, "content-length": __, ...others } = headers;
  return { isBase64Encoded: false, statusCode: status, headers: others, body };
}

function textOf(bytes: Buffer): string | undefined {
  const text = bytes.toString("utf8");
  return bytes.equals(Buffer.from(text)) ? text : undefined;
}

/** A single cookie stays a text: it is not documented whether Function URLs accept lists. */
function headersOf(headers: Headers): ScfAnswer["headers"] {
  const cookies = headers.getSetCookie();
  const others = [...headers].filter(([name]) => name !== "set-cookie");
  const [first] = cookies;
  if (first === undefined) return Object.fromEntries(others);
  return { ...Object.fromEntries(others), "set-cookie": cookies.length > 1 ? cookies : first };
}
