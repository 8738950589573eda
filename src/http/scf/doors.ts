import type { Refusal } from "../../core/refusals.ts";
import type { App } from "../app.ts";
import { REFUSED } from "../functions/answer.ts";
import { refusalText } from "../problem.ts";
import { answerOf, refusalAnswer, type ScfAnswer } from "./answer.ts";
import type { Arrive } from "./arrival.ts";
import { hasTooMany, isRecord, readEvent, writtenOf } from "./event.ts";

/** The functions of the demo. */
export type FunctionName = "sms" | "getUserInfo" | "setNickname";

/** The functions that event functions call. Neither ever rejects because of the content of an event. */
export interface ScfDoors {
  /** Serves everything. The answer is the platform's response object. */
  answer(event: unknown): Promise<ScfAnswer>;
  /** One function of the functions API. The answer is its bare `{errorCode, …}`. */
  call(name: FunctionName, event: unknown): Promise<object>;
}

/** Leads events into the routes of `app`. */
export function createScfDoors(app: Pick<App, "fetch">, arrive: Arrive): ScfDoors {
  const answer = async (event: unknown) => {
    const read = readEvent(event, arrive);
    if (!read.ok) return refusalAnswer(read.refusal);
    const { request, peer } = read.value;
    return await answerOf(await app.fetch(request, { incoming: { socket: { remoteAddress: peer } } }));
  };
  return {
    answer,
    async call(name, event) {
      if (hasTooMany(event)) return bareAnswer(refusalAnswer({ code: "headers_too_large" }).body);
      const { body } = await answer(functionEvent(name, event));
      return bareAnswer(body);
    },
  };
}

/** The answers of the doors as long as there is nothing behind them. */
export function closedDoors(refusal: Refusal): ScfDoors {
  return {
    answer: async () => refusalAnswer(refusal),
    call: async () => bareAnswer(refusalAnswer(refusal).body),
  };
}

/**
 * An event of any kind as a call of one function; its origin and path are ignored. A value that no HTTP request could
 * hold is turned into one that it could, so that the functions API judges it by its own tables.
 */
function functionEvent(name: FunctionName, event: unknown): object {
  const { httpMethod, headers, queryString, body, ...others } = isRecord(event) ? event : {};
  const hasBody = typeof body === "string" ? body !== "" : isRecord(body);
  return {
    ...others,
    httpMethod: methodOf(httpMethod) ?? (hasBody ? "POST" : "GET"),
    path: `/functions/${name}`,
    headers: { ...without("accept", textsOf(headers)), accept: "application/json" },
    queryString: textsOf(queryString),
    body: hasBody ? body : "",
  };
}

/** HTTP answers these two without a body. Here they count as methods that are not accepted. */
const WITHOUT_BODY: readonly string[] = ["HEAD", "OPTIONS"];

function methodOf(method: unknown): string | undefined {
  if (typeof method !== "string") return undefined;
  return WITHOUT_BODY.includes(method.toUpperCase()) ? "PUT" : method;
}

/** Names stay as they arrived: of two that differ only in case, one may be the platform's, and one the client's. */
function without(dropped: string, fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name.toLowerCase() !== dropped));
}

/** Each value as text, or as a list of texts. */
function textsOf(record: unknown): object {
  const entries = Object.entries(isRecord(record) ? record : {});
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.map(textOf) : textOf(value)]),
  );
}

function textOf(value: unknown): string {
  return String((typeof value === "object" && value !== null ? writtenOf(value) : value) ?? "");
}

/** A refusal before the functions API is a problem document. It is answered in the words of the functions API. */
function bareAnswer(body: string): object {
  const answer: unknown = JSON.parse(body);
  if (isRecord(answer) && "errorCode" in answer) return answer;
  const { title, code, requestId, retryAfter } = isRecord(answer) ? answer : {};
  return {
    errorCode: REFUSED,
    errorMessage: title ?? refusalText({ code: "internal_error" }, "en"),
    data: { codeStr: code ?? "internal_error", requestId, ...(retryAfter !== undefined && { retryAfter }) },
  };
}
