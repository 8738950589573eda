import { type IncomingMessage, request as send } from "node:http";
import { text } from "node:stream/consumers";
import type { EventInstance } from "../instance.ts";

/** A request as it goes over the wire, before any of the three ways in. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Which of the forms that events come in it takes. */
  readonly form: EventForm;
}

export interface EventForm {
  readonly isGateway: boolean;
  readonly isBase64: boolean;
  readonly isUpperCase: boolean;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
}

/** One Phonekey that takes requests. */
export type WayIn = (request: WireRequest) => Promise<WireAnswer>;

/** By HTTP. */
export function overHttp(origin: string): WayIn {
  return async ({ method, path, query, headers, body }) => {
    const search = new URLSearchParams(
      query.map(([name, value]): [string, string] => [name, value]),
    ).toString();
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const outgoing = send(`${origin}${path}${search && `?${search}`}`, {
      method,
      headers: { ...headers, ...length },
    });
    outgoing.end(body);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once("response", resolve).once("error", reject);
    });
    const names = Object.entries(response.headers).map(([name, value]) => [name, value ?? ""]);
    return {
      status: response.statusCode ?? 0,
      headers: Object.fromEntries(names),
      body: await text(response),
    };
  };
}

interface Answer {
  readonly statusCode: number;
  readonly isBase64Encoded: boolean;
  readonly headers: WireAnswer["headers"];
  readonly body: string;
}

/** By an event, in the form of a Function URL's or of an API gateway's. */
export function overEvents({ invoke }: EventInstance): WayIn {
  return async (request) => {
    const { answer, thrown } = await invoke(eventOf(request));
    if (thrown !== undefined) throw new Error(thrown);
    const { statusCode, headers, body, isBase64Encoded } = answer as Answer;
    const bytes = Buffer.from(body, isBase64Encoded ? "base64" : "utf8");
    return { status: statusCode, headers, body: bytes.toString() };
  };
}

function eventOf({ method, path, query, headers, body, form }: WireRequest): object {
  const queryString: Record<string, string | string[]> = {};
  for (const [name, value] of query) {
    const before = queryString[name];
    queryString[name] = before === undefined ? value : [before, value].flat();
  }
  const { host = "", "x-scf-remote-addr": address = "", ...others } = headers;
  const own = { ...others, host, ...(!form.isGateway && { "x-scf-remote-addr": address }) };
  const named = Object.entries(own).map(([name, value]) => [
    form.isUpperCase ? name.toUpperCase() : name,
    value,
  ]);
  return {
    httpMethod: method,
    path,
    headers: {
      ...Object.fromEntries(named),
      ...(form.isGateway && { [form.isUpperCase ? "HOST" : "host"]: GATEWAY }),
    },
    queryString: query.length === 0 && form.isBase64 ? null : queryString,
    body:
      body === undefined
        ? form.isUpperCase
          ? null
          : ""
        : form.isBase64
          ? Buffer.from(body).toString("base64")
          : body,
    ...(form.isBase64 && { isBase64Encoded: true }),
    ...(form.isGateway && {
      requestContext: {
        serviceId: "service-f94sy04v",
        path,
        httpMethod: method,
        sourceIp: address.split(":")[0],
      },
      queryStringParameters: {},
      pathParameters: {},
      headerParameters: {},
      stageVariables: {},
    }),
  };
}

const GATEWAY = "service-f94sy04v-1250000000.gz.apigw.tencentcs.com";
