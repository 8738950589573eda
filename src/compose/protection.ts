import type { Config } from "../config.ts";
import type { SmsSender } from "../core/delivery/ports.ts";
import type { ProtectionSettings } from "../core/protection/sends.ts";
import type { MoneySettings } from "../core/protection/spend.ts";

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
