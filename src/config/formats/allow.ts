import ipaddr from "ipaddr.js";
import type { CountryCode } from "libphonenumber-js/max";
import { networks } from "./addresses.ts";
import { country, type Format, format, split } from "./format.ts";

export interface Allowed {
  readonly countries: readonly CountryCode[];
  /** Beginnings of numbers in E.164. */
  readonly prefixes: readonly string[];
  /** In CIDR notation. */
  readonly networks: readonly string[];
  /** The networks, each as the bits that all its addresses begin with: `4:` or `6:`, then zeros and ones. */
  readonly networkBits: readonly string[];
}

export const allowList: Format<Allowed> = format(
  "countries, beginnings of numbers such as `+8613800`, and client addresses or networks such as `198.51.100.0/24`, separated by commas",
  readAllowed,
);

function readAllowed(text: string): Allowed | undefined {
  const countries: CountryCode[] = [];
  const prefixes: string[] = [];
  const cidrs: string[] = [];
  for (const entry of split(text)) {
    const place = country.read(entry);
    const network = networks.read(entry);
    if (place.ok) countries.push(place.value);
    else if (/^\+[1-9]\d{0,14}$/.test(entry)) prefixes.push(entry);
    else if (network.ok && entry !== "loopback") cidrs.push(...network.value);
    else return undefined;
  }
  return { countries, prefixes, networks: cidrs, networkBits: cidrs.map(bitsOfNetwork) };
}

function bitsOfNetwork(cidr: string): string {
  const [address, length] = ipaddr.parseCIDR(cidr);
  const bits = address.toByteArray().map((byte) => byte.toString(2).padStart(8, "0"));
  return `${address.kind() === "ipv4" ? 4 : 6}:${bits.join("").slice(0, length)}`;
}
