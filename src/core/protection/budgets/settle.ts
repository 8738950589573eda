import type { DeliverDeps } from "../../delivery/deliver.ts";
import { isUnsent } from "../../delivery/ports.ts";
import type { LimitStore, Sum } from "../limits/ports.ts";
import { priceOf } from "./prices.ts";
import { backendSums, budgetsOf, type MoneySettings } from "./spend.ts";

/** What a message is billed by. */
interface Billed {
  readonly sender: string;
  /** Whether it was certainly not sent: then nothing is billed. */
  readonly isFailed: boolean;
  /** How many parts the sender bills; one if it does not tell. */
  readonly parts?: number;
}

/** What was counted for a message when it was asked for. */
interface Counted {
  readonly sender: string;
  readonly country: string;
  /** The backend that asked for it, by its name. */
  readonly backend?: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** In millionths. */
  readonly price: number;
}

/**
 * What a message cost, in millionths, and the corrections that bring every budget which pays for it to that cost.
 * Another sender of the route than the counted one may have sent the message, or none.
 */
function settled(
  settings: MoneySettings,
  counted: Counted,
  billed: Billed,
): { readonly price: number; readonly corrections: readonly Sum[] } {
  const { country, backend, at } = counted;
  const each = billed.isFailed ? 0 : priceOf(settings.prices, billed.sender, country);
  const price = each * (billed.parts ?? 1);
  if (price === counted.price && billed.sender === counted.sender) return { price, corrections: [] };
  const by = (amount: number) => (sum: Pick<Sum, "key" | "windowMs">) => {
    return { key: sum.key, windowMs: sum.windowMs, at, amount };
  };
  const corrections = [
    ...budgetsOf(settings, counted.sender, country).map(by(-counted.price)),
    ...budgetsOf(settings, billed.sender, country).map(by(price)),
    ...(backend ? backendSums(backend) : []).map(by(price - counted.price)),
  ];
  return { price, corrections: corrections.filter(({ amount }) => amount !== 0) };
}

/** Makes the function that tells what a message really cost and corrects the budgets to it. */
export function createSettlePrice(deps: {
  readonly limits: Pick<LimitStore, "correct">;
  readonly settings: { readonly money: MoneySettings };
}): DeliverDeps["settlePrice"] {
  return (message, outcome) => {
    const counted = {
      sender: message.sender ?? outcome.sender,
      country: message.traffic?.country ?? "",
      ...(message.client && { backend: message.client }),
      at: message.createdAt,
      price: message.price,
    };
    const { sender, status, fee } = outcome;
    const billed = { sender, isFailed: isUnsent(status), ...(fee !== undefined && { parts: fee }) };
    const { price, corrections } = settled(deps.settings.money, counted, billed);
    return {
      price,
      async correct() {
        if (corrections.length > 0) await deps.limits.correct(corrections);
      },
    };
  };
}
