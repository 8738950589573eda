/** A refusal of the cloud, answered as `{Response: {Error: {Code, Message}, RequestId}}` with HTTP 200. */
export class CloudError extends Error {
  readonly code: string;

  constructor(code: string, message = `${code}, says the stand-in.`) {
    super(message);
    this.code = code;
  }
}

/** One call whose signature was right. */
export interface CloudCall {
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly region: string | undefined;
  /** By which of the cloud's names it was called. */
  readonly host: string | undefined;
  readonly requestId: string;
  /** The cloud's clock, epoch milliseconds. */
  readonly now: number;
}

/** What an action answers beside its `RequestId`; it throws `CloudError` to refuse. */
export type CloudAction = (call: CloudCall) => object;

/** A product in one version, such as `sms` of `2021-01-11`, or some of its actions. */
export interface CloudProduct {
  readonly service: string;
  readonly version: string;
  /** Where it can be called; empty when it takes no region. */
  readonly regions: readonly string[];
  readonly actions: Readonly<Record<string, CloudAction>>;
}

type Kind = "string" | "integer" | "strings" | "integers";

/** Parameters by name; one that ends in `!` cannot be left out. */
export type ParameterRules = Readonly<Record<string, Kind | `${Kind}!`>>;

const HAS_KIND: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  integer: (value) => Number.isSafeInteger(value),
  strings: (value) => Array.isArray(value) && value.every((one) => typeof one === "string"),
  integers: (value) => Array.isArray(value) && value.every((one) => Number.isSafeInteger(one)),
};

/** Refuses parameters that are missing, unknown or of another type, as the cloud's front door does. */
export function checkParameters({ parameters }: Pick<CloudCall, "parameters">, rules: ParameterRules): void {
  for (const name of Object.keys(parameters)) {
    if (!(name in rules)) {
      throw new CloudError("UnknownParameter", `The parameter \`${name}\` is not recognized.`);
    }
  }
  for (const [name, rule] of Object.entries(rules)) checkParameter(name, parameters[name], rule);
}

function checkParameter(name: string, value: unknown, rule: Kind | `${Kind}!`): void {
  if (value === undefined || value === null) {
    if (rule.endsWith("!")) throw new CloudError("MissingParameter", `Missing the parameter \`${name}\`.`);
    return;
  }
  if (!HAS_KIND[rule.replace("!", "") as Kind](value)) {
    throw new CloudError("InvalidParameter", `The value type of parameter \`${name}\` is not valid.`);
  }
}
