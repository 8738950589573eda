import type { CountryCode, Phone } from "../../phone.ts";

/** `GUARD_ALLOW`: the traffic that the guard lets alone. Limits and budgets still apply to it. */
export interface AllowList {
  readonly countries: readonly CountryCode[];
  /** Beginnings of numbers in E.164. */
  readonly prefixes: readonly string[];
  /**
   * Networks of clients. Each is written as the bits that all its addresses begin with: `4:` or `6:`, then zeros and
   * ones.
   */
  readonly networkBits: readonly string[];
}

export function isAllowed(
  allow: AllowList,
  { phone, country, addressKey }: { phone: Phone; country: string; addressKey?: string },
): boolean {
  return (
    allow.countries.some((allowed) => allowed === country) ||
    allow.prefixes.some((prefix) => phone.startsWith(prefix)) ||
    (addressKey !== undefined && allow.networkBits.some((bits) => bitsOf(addressKey).startsWith(bits)))
  );
}

/** An address as doors key it: IPv4, or the first half of IPv6 in hex and `/64`. */
function bitsOf(addressKey: string): string {
  if (!addressKey.endsWith("/64")) {
    const octets = addressKey.split(".");
    return `4:${octets.map((octet) => bits(octet, 10, 8)).join("")}`;
  }
  const digits = [...addressKey.slice(0, -"/64".length)];
  return `6:${digits.map((digit) => bits(digit, 16, 4)).join("")}`;
}

function bits(digits: string, base: number, width: number): string {
  return Number.parseInt(digits, base).toString(2).padStart(width, "0");
}
