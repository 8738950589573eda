import ipaddr from "ipaddr.js";

export interface ClientAddressSettings {
  /** Networks (`10.0.0.0/8`), addresses or `loopback` whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** A header that a platform sets itself and callers cannot, instead of `X-Forwarded-For`. */
  readonly clientIpHeader?: string;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Characters; far more than a chain of proxies needs. */
const LONGEST_CHAIN = 1_024;

const FORWARDING_HEADERS = ["x-forwarded-for", "forwarded", "x-real-ip"];

/**
 * The client's address as limits key it: an IPv4 address, or an IPv6 one by its /64. Undefined where no source can be
 * trusted, and then address limits are off: one bucket for everybody behind an unknown proxy would refuse them all.
 *
 * `X-Forwarded-For` is believed from the right, hop by hop, and only from configured proxies (T35).
 *
 * @param peer the address of the socket's other end
 */
export function clientAddressKey(
  peer: string | undefined,
  header: (name: string) => string | undefined,
  settings: ClientAddressSettings,
): string | undefined {
  if (settings.clientIpHeader) return addressKey(parse(header(settings.clientIpHeader)));
  const socket = parse(peer);
  if (!socket) return undefined;
  const forwarded = FORWARDING_HEADERS.some((name) => header(name) !== undefined);
  if (!forwarded) return addressKey(socket);
  if (isTrusted(socket, settings)) return addressKey(forwardedFor(header("x-forwarded-for"), settings));
  return isLocal(socket) ? undefined : addressKey(socket);
}

/** Whether forwarding headers come from a neighbour that is no configured proxy; the log should say so. */
export function isUnknownProxy(
  peer: string | undefined,
  header: (name: string) => string | undefined,
  settings: ClientAddressSettings,
): boolean {
  const socket = parse(peer);
  if (!socket || settings.clientIpHeader || !isLocal(socket) || isTrusted(socket, settings)) return false;
  return FORWARDING_HEADERS.some((name) => header(name) !== undefined);
}

/**
 * The rightmost hop that is not one of our proxies. Only the end of the header is read: a client can make it as long as
 * it likes on the left, and must not switch its limits off by that.
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
  if (!text || !ipaddr.isValid(text)) return undefined;
  return ipaddr.process(text);
}

function addressKey(address: Address | undefined): string | undefined {
  if (!address) return undefined;
  if (address.kind() === "ipv4") return address.toString();
  const network = address.toByteArray().slice(0, 8);
  return `${Buffer.from(network).toString("hex")}/64`;
}

function isTrusted(address: Address, { trustedProxies }: ClientAddressSettings): boolean {
  return trustedProxies.some((proxy) => {
    if (proxy === "loopback") return address.range() === "loopback";
    const [network, bits] = proxy.includes("/")
      ? ipaddr.parseCIDR(proxy)
      : [ipaddr.process(proxy), undefined];
    if (network.kind() !== address.kind()) return false;
    return bits === undefined ? network.toString() === address.toString() : address.match(network, bits);
  });
}

function isLocal(address: Address): boolean {
  return ["loopback", "private", "uniqueLocal", "linkLocal", "carrierGradeNat"].includes(address.range());
}
