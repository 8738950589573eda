import type { SqlStores } from "../adapters/sql/stores.ts";
import type { Config } from "../config.ts";
import type { SmsSender } from "../core/delivery/ports.ts";
import type { Clock } from "../core/ports.ts";
import { createLearned } from "../core/protection/learned.ts";
import type { ProtectionSettings } from "../core/protection/sends.ts";
import type { MoneySettings } from "../core/protection/spend.ts";
import type { Log } from "../http/context.ts";

/** Sends nothing, and so costs nothing. */
const CONSOLE = "console";

export function protectionSettings(
  { limits, protection, verification }: Config,
  route: readonly SmsSender[],
): ProtectionSettings {
  const resendFloors = route.map((sender) => sender.resendFloorSeconds);
  return {
    limits: { ...limits, resendMs: Math.max(verification.resendSeconds, ...resendFloors) * 1000 },
    guard: { mode: protection.guardMode, allow: protection.guardAllow },
    money: moneySettings(protection),
  };
}

export function moneySettings({ prices, spendHour, spendDay }: Config["protection"]): MoneySettings {
  return { prices: { ...prices, free: [CONSOLE] }, hour: spendHour, day: spendDay };
}

/** What the rules of sending know of traffic. */
export function learnedOf({ baselines }: Pick<SqlStores, "baselines">, clock: Clock, log: Log) {
  return createLearned(baselines, clock, (err) => log.error({ err }, "thresholds could not be read"));
}
