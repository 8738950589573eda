import type { SqlStores } from "../adapters/sql/stores.ts";
import type { Config } from "../config.ts";
import type { SmsSender } from "../core/delivery/ports.ts";
import { maskPhone } from "../core/phone.ts";
import type { Clock } from "../core/ports.ts";
import type { MoneySettings } from "../core/protection/budgets/spend.ts";
import { createLearned } from "../core/protection/guard/learned.ts";
import type { ProtectionSettings } from "../core/protection/sends.ts";
import { TEST_SENDER } from "../core/verification/test-numbers.ts";
import type { Log } from "../http/context.ts";

/** Senders that send nothing, and so cost nothing. */
const FREE = ["console", TEST_SENDER.name];

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
  return { prices: { ...prices, free: FREE }, hour: spendHour, day: spendDay };
}

/** Reads what was learned from traffic. */
export function learnedOf({ baselines }: Pick<SqlStores, "baselines">, clock: Clock, log: Log) {
  return createLearned(baselines, clock, (err) => log.error({ err }, "thresholds could not be read"));
}

/** Warns of test numbers at every start: anybody who learns a code can sign in. */
export function tellTestNumbers({ testNumbers }: Config, log: Log): void {
  if (testNumbers.length === 0) return;
  const numbers = testNumbers.map(({ phone, until }) => {
    return { phone: maskPhone(phone), until: new Date(until).toISOString() };
  });
  log.warn({ numbers }, "test numbers sign in with a fixed code and without a message");
}
