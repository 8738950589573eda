import type { z } from "zod";
import { networks, origins, publicUrl } from "../formats/addresses.ts";
import { headerName, listenHost, oneOf, wholeNumber } from "../formats/format.ts";
import { optional, withDefault } from "../setting.ts";

export interface ServerConfig {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host: string;
  /** The origin under which people reach this server; always present in production. */
  readonly publicUrl?: string;
  /** In CIDR notation, host bits cleared; IPv4-mapped networks as IPv4. */
  readonly trustedProxies: readonly string[];
  /** In lower case. */
  readonly clientIpHeader?: string;
  /** Origins as browsers write them. */
  readonly allowedOrigins: readonly string[];
}

export const serverVariables = {
  NODE_ENV: withDefault(oneOf(["development", "production", "test"]), "development", {
    part: "Server",
    sentence: "`production` applies the [rules for production](#production).",
  }),
  PORT: withDefault(wholeNumber(0, 65_535), "8080", {
    part: "Server",
    sentence: "The port to listen on; `0` takes any free one.",
  }),
  HOST: optional(listenHost, "`127.0.0.1`; in production `0.0.0.0`", {
    part: "Server",
    sentence: "The address to listen on.",
  }),
  PUBLIC_URL: optional(publicUrl, "in development `http://localhost:` and the port", {
    part: "Server",
    sentence:
      "Where people reach this server. Links, the tokens' issuer and the last line of the SMS are made of it.",
    stopsProduction: "it is not set",
  }),
  TRUSTED_PROXIES: withDefault(networks, "", {
    part: "Server",
    sentence:
      "The reverse proxies in front of this server. Only their `X-Forwarded-For` is believed, read from the right.",
  }),
  CLIENT_IP_HEADER: optional(headerName, "none", {
    part: "Server",
    sentence:
      "A header in which the platform in front always puts the client's address, such as `cf-connecting-ip`. It is believed instead of `X-Forwarded-For`, whoever sends it: set it only if nobody can bypass that platform.",
  }),
  ALLOWED_ORIGINS: withDefault(origins, "", {
    part: "Server",
    sentence:
      "The web origins whose scripts may call the native API and the functions API (CORS), those inside apps too.",
  }),
  LOG_LEVEL: withDefault(oneOf(["trace", "debug", "info", "warn", "error", "fatal", "silent"]), "info", {
    part: "Server",
    sentence: "The least severe level that is still logged.",
  }),
};

type Values = z.output<z.ZodObject<typeof serverVariables>>;

export function arrangeServer(values: Values, isProduction: boolean): ServerConfig {
  return {
    port: values.PORT,
    host: values.HOST ?? (isProduction ? "0.0.0.0" : "127.0.0.1"),
    ...(values.PUBLIC_URL === undefined ? {} : { publicUrl: values.PUBLIC_URL }),
    trustedProxies: values.TRUSTED_PROXIES,
    ...(values.CLIENT_IP_HEADER === undefined ? {} : { clientIpHeader: values.CLIENT_IP_HEADER }),
    allowedOrigins: values.ALLOWED_ORIGINS,
  };
}
