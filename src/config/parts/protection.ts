import type { z } from "zod";
import type { GuardMode } from "../../core/protection/guard/guard.ts";
import { type Allowed, allowList } from "../formats/allow.ts";
import { oneOf } from "../formats/format.ts";
import { type Prices, priceList, type Spend, spend } from "../formats/money.ts";
import { withDefault } from "../setting.ts";

export interface ProtectionConfig {
  readonly guardMode: GuardMode;
  readonly guardAllow: Allowed;
  readonly prices: Prices;
  readonly spendHour: Spend;
  readonly spendDay: Spend;
}

const PART = "Money and the guard";

export const protectionVariables = {
  SMS_PRICES: withDefault(priceList, "CNY, CN=0.05, *=1", {
    part: PART,
    sentence:
      "What one part of a message costs, by country, or by sender and country if senders differ. A country that is not named costs what `*` says, or without that the highest price named. The default is a cautious guess: put in what you pay.",
  }),
  SPEND_HOUR: withDefault(spend, "50 CNY", {
    part: PART,
    sentence:
      "What messages may cost in any hour: in total, and for the countries and senders that you name. Once people have signed in, two fifths are kept for the networks that they came from. You are alerted at 80 % of what is open to everybody. When it is used up, messages still go to known devices, and a tenth more to strangers who solve a third party's captcha ([protection.md](protection.md#money)).",
  }),
  SPEND_DAY: withDefault(spend, "300 CNY", {
    part: PART,
    sentence: "The same for any 24 hours.",
  }),
  GUARD_MODE: withDefault(oneOf(["enforce", "record", "off"]), "enforce", {
    part: PART,
    sentence:
      "Whether traffic that leads to no sign-ins is challenged and blocked. `record` only logs what `enforce` would have done.",
  }),
  GUARD_ALLOW: withDefault(allowList, "", {
    part: PART,
    sentence: "Traffic that the guard leaves alone. Limits and budgets still apply to it.",
  }),
};

type Values = z.output<z.ZodObject<typeof protectionVariables>>;

export function arrangeProtection(values: Values): ProtectionConfig {
  return {
    guardMode: values.GUARD_MODE,
    guardAllow: values.GUARD_ALLOW,
    prices: values.SMS_PRICES,
    spendHour: values.SPEND_HOUR,
    spendDay: values.SPEND_DAY,
  };
}

/** The settings of money whose currency differs from that of the prices. */
export function foreignBudgets(values: Values): ("SPEND_HOUR" | "SPEND_DAY")[] {
  const { currency } = values.SMS_PRICES;
  const budgets = [
    ["SPEND_HOUR", values.SPEND_HOUR],
    ["SPEND_DAY", values.SPEND_DAY],
  ] as const;
  return budgets.flatMap(([name, budget]) =>
    budget.currency !== undefined && budget.currency !== currency ? [name] : [],
  );
}
