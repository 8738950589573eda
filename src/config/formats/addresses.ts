import ipaddr from "ipaddr.js";
import { type Format, format, list } from "./format.ts";

/** True for `localhost`, its subdomains (RFC 6761, section 6.3) and loopback addresses; takes the hostname of a URL. */
export function isLoopbackHost(hostname: string): boolean {
  return /(^|\.)localhost$/.test(hostname) || rangeOf(hostname) === "loopback";
}

/** False for hosts that only this machine or its own network can mean: loopback and private addresses. */
export function isPublicHost(hostname: string): boolean {
  return !isLoopbackHost(hostname) && [undefined, "unicast"].includes(rangeOf(hostname));
}

function rangeOf(hostname: string): string | undefined {
  const address = hostname.replace(/^\[|\]$/g, "");
  return ipaddr.isValid(address) ? ipaddr.process(address).range() : undefined;
}

/**
 * Characters that give a URL another meaning than it seems to have: a fragment, wildcards, characters that browsers
 * strip or fold.
 */
const UNSAFE = /[\\#*\s\p{C}]/u;
const CREDENTIALS = /^https?:\/\/[^/?]*@/i;

function readUrl(text: string): URL | undefined {
  const absolute = /^https?:\/\/[^/]/i.test(text) && !UNSAFE.test(text) && !CREDENTIALS.test(text);
  return absolute && URL.canParse(text) ? new URL(text) : undefined;
}

function readOrigin(text: string): URL | undefined {
  const url = readUrl(text);
  return url?.pathname === "/" && !text.includes("?") ? url : undefined;
}

/** Plain http can be read and changed on its way, except on loopback, which never leaves the machine. */
function isConfidential(url: URL): boolean {
  return url.protocol === "https:" || isLoopbackHost(url.hostname);
}

/**
 * The origin is part of every token, and a token has at most 4096 characters. This is what remains beside a backend's
 * link.
 */
const MOST_PUBLIC_URL = 128;

/** An origin (RFC 6454), written without a path. */
export const publicUrl: Format<string> = format(
  `an http or https origin such as \`https://auth.example.com\`, without a path, of at most ${MOST_PUBLIC_URL} characters`,
  (text) => {
    const origin = readOrigin(text)?.origin;
    return origin !== undefined && origin.length <= MOST_PUBLIC_URL ? origin : undefined;
  },
);

/** An address to which something confidential is posted. */
export const endpoint: Format<string> = format("an https URL (http only on loopback)", (text) => {
  const url = readUrl(text);
  return url && isConfidential(url) ? url.href : undefined;
});

/** The address of an API whose requests are signed. So plain http inside a private network cannot change them. */
export const apiOrigin: Format<string> = format(
  "an http or https origin such as `https://sms.internal.example.com`, without a path",
  (text) => readOrigin(text)?.origin,
);

function readConfidentialOrigin(text: string): string | undefined {
  const url = readOrigin(text);
  return url && isConfidential(url) ? url.origin : undefined;
}

const ORIGIN = "an exact https origin without a path (http only on loopback)";

export const origin = format(ORIGIN, readConfidentialOrigin);

/**
 * The origin of an app's own pages, such as `capacitor://localhost`. Its scheme is the app's own: no website has it,
 * and it is not a scheme that browsers know.
 */
const APP_ORIGIN = /^(?!(https?|wss?|ftp|file):)[a-z][a-z\d+.-]*:\/\/localhost$/i;

const webOrAppOrigin = format(`${ORIGIN}, or an app's such as \`capacitor://localhost\``, (text) =>
  APP_ORIGIN.test(text) ? text.toLowerCase() : readConfidentialOrigin(text),
);

export const origins = list(
  webOrAppOrigin,
  "exact https origins (http only on loopback), or those of apps such as `capacitor://localhost`, separated by commas",
);

/** Kept as written, because addresses are compared character by character (RFC 9700, section 4.1.3). */
const returnAddress = format(
  "an absolute https URL without fragment, credentials or `*` (http only on loopback)",
  (text) => {
    const url = readUrl(text);
    return url && isConfidential(url) ? text : undefined;
  },
);

export const returnAddresses = list(
  returnAddress,
  "absolute https URLs, separated by commas (http only on loopback), without fragments, credentials or `*`",
);

const LOOPBACK = ["127.0.0.0/8", "::1/128"];

/** An address or network as CIDR text, with its host bits cleared. */
function readNetwork(text: string): string | undefined {
  const [address = "", prefix, ...rest] = text.split("/");
  if (rest.length > 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix))) return undefined;
  // The library also accepts 127.1 and 0177.0.0.1, which other software reads as other addresses.
  const four = ipaddr.IPv4.isValidFourPartDecimal(address);
  if (!four && !(ipaddr.IPv6.isValid(address) && !address.includes("%"))) return undefined;
  return canonicalNetwork(address, prefix === undefined ? (four ? 32 : 128) : Number(prefix));
}

function canonicalNetwork(address: string, prefix: number): string | undefined {
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv4) {
    return prefix <= 32
      ? `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/${prefix}`)}/${prefix}`
      : undefined;
  }
  // An IPv4 peer of a dual-stack socket appears as ::ffff:a.b.c.d. Both spellings mean the same network.
  if (parsed.isIPv4MappedAddress() && prefix >= 96) {
    return canonicalNetwork(parsed.toIPv4Address().toString(), prefix - 96);
  }
  return prefix <= 128
    ? `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/${prefix}`)}/${prefix}`
    : undefined;
}

const network = format("an IP address, a network such as `10.0.0.0/8`, or `loopback`", (text) =>
  text === "loopback" ? LOOPBACK : asList(readNetwork(text)),
);

function asList(value: string | undefined): string[] | undefined {
  return value === undefined ? undefined : [value];
}

const networkLists = list(
  network,
  "IP addresses, networks such as `10.0.0.0/8`, or `loopback`, separated by commas",
);

/** Networks in CIDR notation, IPv4-mapped ones as IPv4. */
export const networks: Format<readonly string[]> = {
  expects: networkLists.expects,
  read(text) {
    const parsed = networkLists.read(text);
    return parsed.ok ? { ok: true, value: [...new Set(parsed.value.flat())] } : parsed;
  },
};
