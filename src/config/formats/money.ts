import { MICROS, type Price } from "../../core/protection/budgets/prices.ts";
import type { Budget } from "../../core/protection/budgets/spend.ts";
import { country, type Format, format, split } from "./format.ts";

const CURRENCY = /^[A-Z]{3}$/;
const AMOUNT = /^\d{1,9}(\.\d{1,6})?$/;
const SENDER = /^[a-z][a-z0-9-]{0,31}$/;

export interface Prices {
  readonly currency: string;
  readonly prices: readonly Price[];
}

export interface Spend extends Budget {
  /** Absent if nothing is limited. */
  readonly currency?: string;
}

/** A price list: the currency, then prices by country, by sender and country, or for everything that is not named. */
export const priceList: Format<Prices> = format(
  "a currency and what one message costs, such as `CNY, CN=0.05, *=1` or, for one sender, `tencent/CN=0.05`",
  (text) => {
    const [currency = "", ...entries] = split(text);
    const prices = entries.map(readPrice);
    const known = prices.filter((price) => price !== undefined);
    const isRight = CURRENCY.test(currency) && entries.length > 0 && known.length === prices.length;
    return isRight ? { currency, prices: known } : undefined;
  },
);

function readPrice(entry: string): Price | undefined {
  const [, sender, place = "", amount = ""] = /^(?:([^/=]+)\/)?([^/=]+)=([^=]+)$/.exec(entry) ?? [];
  const micros = readMicros(amount);
  if (micros === undefined || (sender !== undefined && !SENDER.test(sender))) return undefined;
  const where = place === "*" ? {} : readCountry(place);
  return where && { ...where, ...(sender !== undefined && { sender }), micros };
}

function readCountry(text: string): { readonly country: string } | undefined {
  const parsed = country.read(text);
  return parsed.ok ? { country: parsed.value } : undefined;
}

export interface Amount {
  readonly micros: number;
  readonly currency: string;
}

/** One amount of money. */
export const amount: Format<Amount> = format("an amount and a currency such as `50 CNY`", readAmount);

function readAmount(text: string): Amount | undefined {
  const [, digits = "", currency = ""] = /^(\S+) ([A-Z]{3})$/.exec(text) ?? [];
  const micros = readMicros(digits);
  return micros === undefined ? undefined : { micros, currency };
}

/** What may be spent in a window. */
export const spend: Format<Spend> = format(
  "an amount and a currency such as `50 CNY`, with further ones for countries and senders such as `50 CNY, US=10, tencent=40`, or `unlimited`",
  (text) => {
    if (text === "unlimited") return { byCountry: {}, bySender: {} };
    const [total = "", ...parts] = split(text);
    const whole = readAmount(total);
    if (!whole) return undefined;
    const { micros, currency } = whole;
    return readParts({ total: micros, currency, byCountry: {}, bySender: {} }, parts);
  },
);

function readParts(whole: Spend, parts: readonly string[]): Spend | undefined {
  let { byCountry, bySender } = whole;
  for (const part of parts) {
    const [name = "", amount = "", ...rest] = part.split("=");
    const micros = readMicros(amount);
    const place = readCountry(name);
    if (micros === undefined || rest.length > 0 || !(place || SENDER.test(name))) return undefined;
    if (place) byCountry = { ...byCountry, [place.country]: micros };
    else bySender = { ...bySender, [name]: micros };
  }
  return { ...whole, byCountry, bySender };
}

function readMicros(text: string): number | undefined {
  return AMOUNT.test(text) ? Math.round(Number(text) * MICROS) : undefined;
}
