import type { z } from "zod";
import { format } from "../formats/format.ts";
import { optional } from "../setting.ts";

export interface MetricsConfig {
  readonly token?: string;
}

const token = format("24 to 256 printable characters without spaces", (text) =>
  /^[\x21-\x7e]{24,256}$/.test(text) ? text : undefined,
);

export const metricsVariables = {
  METRICS_TOKEN: optional(token, "none: `/metrics` answers only this machine", {
    part: "Metrics",
    sentence:
      "The bearer token with which `/metrics` can be read from other machines ([how](metrics.md)). Make one with `openssl rand -base64 32`.",
  }),
};

type Values = z.output<z.ZodObject<typeof metricsVariables>>;

export function arrangeMetrics({ METRICS_TOKEN: token }: Values): MetricsConfig {
  return token === undefined ? {} : { token };
}
