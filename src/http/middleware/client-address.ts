import { isIPv4 } from "node:net";
import ipaddr from "ipaddr.js";

export interface ClientAddressSettings {
  /** Networks (`10.0.0.0/8`), addresses or `loopback` whose `X-Forwarded-For` is trusted. */
  readonly trustedProxies: readonly string[];
  /** A header that a platform sets and callers cannot set; it replaces `X-Forwarded-For`. */
  readonly clientIpHeader?: string;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Characters of `X-Forwarded-For` that are read, from the right: far more than a chain of proxies needs. */
const LONGEST_CHAIN = 1_024;

/** Headers in which proxies name the client they forward for, in lower case. */
export const FORWARDING_HEADERS = ["x-forwarded-for", "forwarded", "x-real-ip"];

export interface ClientAddress {
  /** As a key of limits: an IPv4 address, or the /64 of an IPv6 address. */
  readonly key: string;
  /** The whole address; an IPv4-mapped IPv6 address becomes an IPv4 address. */
  readonly text: string;
}

/**
 * The client's address. Undefined if no source can be trusted. Then address limits are off, because one count for
 * everybody behind an unknown proxy would soon refuse them all.
 *
 * `X-Forwarded-For` is read from the right, hop by hop, and only trusted from configured proxies (T35).
 *
 * @param peer the address of the socket's other end
 */
export function clientAddress(
  peer: string | undefined,
  header: (name: string) => string | undefined,
  settings: ClientAddressSettings,
): ClientAddress | undefined {
  if (settings.clientIpHeader) return addressOf(parse(header(settings.clientIpHeader)));
  const socket = parse(peer);
  if (!socket) return undefined;
  if (!isForwarded(header)) return addressOf(socket);
  if (isTrusted(socket, settings)) return addressOf(forwardedFor(header("x-forwarded-for"), settings));
  return isLocal(socket) ? undefined : addressOf(socket);
}

/**
 * Why a forwarded request has no client's address, for the log. Without it an operator would believe that address
 * limits hold. Undefined if the request was not forwarded, as with a probe from a neighbouring machine.
 */
export function whyUnknown(
  peer: string | undefined,
  header: (name: string) => string | undefined,
  settings: ClientAddressSettings,
): string | undefined {
  if (!isForwarded(header)) return undefined;
  if (settings.clientIpHeader) return "requests have no address in CLIENT_IP_HEADER";
  const socket = parse(peer);
  return socket && isTrusted(socket, settings)
    ? "a proxy in TRUSTED_PROXIES tells no address outside of them in X-Forwarded-For"
    : "a proxy that is not in TRUSTED_PROXIES forwards requests";
}

function isForwarded(header: (name: string) => string | undefined): boolean {
  return FORWARDING_HEADERS.some((name) => header(name) !== undefined);
}

/**
 * The rightmost hop that is not one of our proxies. Only the end of the header is read: a client can make its left side
 * as long as it likes, and must not be able to switch off its limits by that.
 */
function forwardedFor(value = "", settings: ClientAddressSettings): Address | undefined {
  const hops = value.slice(-LONGEST_CHAIN).split(",").reverse();
  const whole = value.length > LONGEST_CHAIN ? hops.slice(0, -1) : hops;
  for (const hop of whole) {
    const address = parse(hop.trim());
    if (!address || !isTrusted(address, settings)) return address;
  }
  return undefined;
}

function parse(text: string | undefined): Address | undefined {
  // Most addresses are IPv4; `ipaddr.process`, which reads every spelling, takes five times as long.
  if (text && isIPv4(text)) return ipaddr.IPv4.parse(text);
  if (!text || !ipaddr.isValid(text)) return undefined;
  return ipaddr.process(text);
}

/** An address that a caller names, as a key of limits. Undefined if it is no address. */
export function addressNamed(text: string): ClientAddress | undefined {
  return addressOf(parse(text));
}

function addressOf(address: Address | undefined): ClientAddress | undefined {
  if (!address) return undefined;
  const text = address.toString();
  if (address.kind() === "ipv4") return { key: text, text };
  const network = address.toByteArray().slice(0, 8);
  return { key: `${Buffer.from(network).toString("hex")}/64`, text };
}

type Network = readonly [address: Address, bits: number];

/** The networks of each setting, parsed once: parsing takes longer than comparing. */
const networks = new WeakMap<readonly string[], readonly Network[]>();

function networksOf(proxies: readonly string[]): readonly Network[] {
  const known = networks.get(proxies);
  if (known) return known;
  const read = proxies.flatMap((each) => (each === "loopback" ? LOOPBACK : [each])).map(networkOf);
  networks.set(proxies, read);
  return read;
}

const LOOPBACK = ["127.0.0.0/8", "::1"];

function networkOf(text: string): Network {
  if (text.includes("/")) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, 8 * address.toByteArray().length];
}

function isTrusted(address: Address, { trustedProxies }: ClientAddressSettings): boolean {
  return networksOf(trustedProxies).some(
    ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
  );
}

function isLocal(address: Address): boolean {
  return ["loopback", "private", "uniqueLocal", "linkLocal", "carrierGradeNat"].includes(address.range());
}
