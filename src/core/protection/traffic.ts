import type { Keyring } from "../keys.ts";
import { type CountryCode, countryOf, type Phone } from "../phone.ts";
import { hmac } from "../secrets.ts";

/**
 * Where a message goes and where it was asked for, as far as protection counts it. Prefixes and addresses are keyed
 * tags: a stolen store reveals neither. Both stay the same as long as the key does.
 */
export interface Traffic {
  /** The region that the number belongs to, never its calling code; empty if it is not known. */
  readonly country: CountryCode | "";
  /** The number without its last four digits: ten thousand numbers. */
  readonly prefixTag: string;
  /** Absent if no source of the client's address can be trusted. */
  readonly addressTag?: string;
  /** The /24 of an IPv4 address, the /48 of an IPv6 one. */
  readonly networkTag?: string;
}

/** What tags are made of. */
export interface TrafficDeps {
  readonly keyring: Pick<Keyring, "current">;
}

/** @param addressKey the client's address as doors key it: IPv4, or the first 64 bits of IPv6 in hex and `/64` */
export async function trafficOf(deps: TrafficDeps, phone: Phone, addressKey?: string): Promise<Traffic> {
  const tag = await tagger(deps);
  return {
    country: countryOf(phone) ?? "",
    prefixTag: tag("prefix", prefixOf(phone)),
    ...(addressKey && {
      addressTag: tag("address", addressKey),
      networkTag: tag("network", networkOf(addressKey)),
    }),
  };
}

/** The tag that stands for a client's address in stores. */
export async function addressTagOf(deps: TrafficDeps, addressKey: string): Promise<string> {
  return (await tagger(deps))("address", addressKey);
}

/** What stands for the number's range of ten thousand. */
function prefixOf(phone: Phone): string {
  return phone.slice(0, -4);
}

/** The network that an address belongs to: somebody who has one address of it can mostly have them all. */
function networkOf(addressKey: string): string {
  if (addressKey.endsWith("/64")) return `${addressKey.slice(0, 12)}/48`;
  return `${addressKey.slice(0, addressKey.lastIndexOf("."))}.0/24`;
}

async function tagger({ keyring }: TrafficDeps): Promise<(kind: string, text: string) => string> {
  const { material } = await keyring.current("traffic");
  return (kind, text) => hmac(material, kind, text).toString("base64url", 0, TAG_BYTES);
}

/** Long enough that no two of some billions are alike, and short in every key of every counter. */
const TAG_BYTES = 16;
