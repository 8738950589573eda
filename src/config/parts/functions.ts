import type { z } from "zod";
import { flag, oneOf } from "../formats/format.ts";
import { withDefault } from "../setting.ts";

export interface FunctionsConfig {
  readonly isOpen: boolean;
  readonly allowGet: boolean;
}

export const functionsVariables = {
  FUNCTIONS_API: withDefault(oneOf(["on", "off"]), "on", {
    part: "Functions API",
    sentence:
      "Whether clients of the demo `qcloudsms/smsLogin` are served, under `/functions/`. Turn it off if you have none: that is one way in less to attack.",
  }),
  FUNCTIONS_ALLOW_GET: withDefault(flag, "true", {
    part: "Functions API",
    sentence:
      "`false` accepts only POST. A GET has phone, code and token in its address, which proxies and browsers keep.",
  }),
};

type Values = z.output<z.ZodObject<typeof functionsVariables>>;

export function arrangeFunctions(values: Values): FunctionsConfig {
  return { isOpen: values.FUNCTIONS_API === "on", allowGet: values.FUNCTIONS_ALLOW_GET };
}
