import type { SmsSender } from "../../delivery/ports.ts";

/** Amounts of money are whole millionths of one unit of the currency, so that sums of them are exact. */
export const MICROS = 1_000_000;

/** What one message costs. Of several that fit, the price that names more applies. */
export interface Price {
  readonly sender?: string;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  readonly micros: number;
}

/** `SMS_PRICES`. */
export interface PriceTable {
  /** ISO 4217. */
  readonly currency: string;
  readonly prices: readonly Price[];
  /** Senders that cost nothing. */
  readonly free: readonly string[];
}

type Route = readonly Pick<SmsSender, "name">[];

/** The sender that a message is counted for before it is sent: the first of its route. */
export function firstSender({ route }: { readonly route: Route }): string {
  return route[0]?.name ?? "none";
}

/** What a message counts as before it is sent. */
export interface Estimate {
  readonly sender: string;
  /** In millionths. */
  readonly price: number;
}

/**
 * Counts a message for the first sender of the route, at the price of the dearest sender, since any of them may take
 * it.
 */
export function estimate(
  deps: { readonly route: Route; readonly settings: { readonly money: { readonly prices: PriceTable } } },
  country: string,
): Estimate {
  const { prices } = deps.settings.money;
  const each = deps.route.map(({ name }) => priceOf(prices, name, country));
  return { sender: firstSender(deps), price: Math.max(0, ...each) };
}

/** The price of a message through this sender to this country. If no price fits, the dearest of all applies (T10). */
export function priceOf({ prices, free }: PriceTable, sender: string, country: string): number {
  if (free.includes(sender)) return 0;
  let best: Price | undefined;
  let dearest = 0;
  for (const price of prices) {
    const fits = (price.sender ?? sender) === sender && (price.country ?? country) === country;
    if (fits && (!best || precision(price) > precision(best))) best = price;
    dearest = Math.max(dearest, price.micros);
  }
  return best?.micros ?? dearest;
}

function precision({ sender, country }: Price): number {
  return (sender === undefined ? 0 : 2) + (country === undefined ? 0 : 1);
}
