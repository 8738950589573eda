import type { z } from "zod";
import { flag, oneOf } from "../formats.ts";
import { withDefault } from "../setting.ts";

export interface FunctionsConfig {
  readonly isOpen: boolean;
  readonly allowGet: boolean;
}

export const functionsVariables = {
  FUNCTIONS_API: withDefault(oneOf(["on", "off"]), "on", {
    part: "Functions API",
    sentence:
      "Whether clients of the demo `qcloudsms/smsLogin` are served, under `/functions/`. Turn it off if you have none: it is one way in less.",
  }),
  FUNCTIONS_ALLOW_GET: withDefault(flag, "true", {
    part: "Functions API",
    sentence:
      "`false` takes POST only. In the address of a GET, phone, code and token stand where proxies and browsers keep them.",
  }),
};

type Values = z.output<z.ZodObject<typeof functionsVariables>>;

export function arrangeFunctions(values: Values): FunctionsConfig {
  return { isOpen: values.FUNCTIONS_API === "on", allowGet: values.FUNCTIONS_ALLOW_GET };
}
