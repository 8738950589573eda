import type { Traffic } from "../../../core/protection/traffic.ts";

/**
 * The columns in which a message or a verification keeps its traffic. All are null in rows of a version that did not.
 */
export interface TrafficColumns {
  readonly country: string | null;
  readonly prefix_tag: string | null;
  readonly address_tag: string | null;
  readonly network_tag: string | null;
}

export const TRAFFIC_COLUMNS = ["country", "prefix_tag", "address_tag", "network_tag"] as const;

export function trafficValues(traffic: Traffic | undefined): TrafficColumns {
  return {
    country: traffic?.country ?? null,
    prefix_tag: traffic?.prefixTag ?? null,
    address_tag: traffic?.addressTag ?? null,
    network_tag: traffic?.networkTag ?? null,
  };
}

export function trafficOf(row: TrafficColumns): { readonly traffic?: Traffic } {
  const { country, prefix_tag: prefixTag, address_tag: addressTag, network_tag: networkTag } = row;
  if (country === null || prefixTag === null) return {};
  return {
    traffic: {
      // Only what was known as a country is kept.
      country: country as Traffic["country"],
      prefixTag,
      ...(addressTag !== null && { addressTag }),
      ...(networkTag !== null && { networkTag }),
    },
  };
}
