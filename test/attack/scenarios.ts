import { DISGUISE } from "./scenarios/disguise.ts";
import { GUESSING_ACROSS } from "./scenarios/many-numbers.ts";
import { BOMBING, GUESSING } from "./scenarios/one-number.ts";
import { POISONING } from "./scenarios/poisoning.ts";
import { PUMPING } from "./scenarios/pumping.ts";
import { NORMAL, SILENCING } from "./scenarios/silencing.ts";
import type { Scenario } from "./stage.ts";

/** All scenarios, in the order of the page. */
export const SCENARIOS: readonly Scenario[] = [
  NORMAL,
  PUMPING,
  BOMBING,
  GUESSING,
  GUESSING_ACROSS,
  SILENCING,
  DISGUISE,
  POISONING,
];
