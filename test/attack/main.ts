import { writeFileSync } from "node:fs";
import { readOptions, wrongUse } from "../support/options.ts";
import { breachesOf, documentOf, tableOf } from "./document.ts";
import { SCENARIOS } from "./scenarios.ts";
import type { Mode } from "./service.ts";
import { type Form, play, type Result, type Scenario } from "./stage.ts";

const MODES: readonly Mode[] = ["off", "on"];
const FORMS: readonly Form[] = ["long", "short"];

const OPTIONS = {
  only: { type: "string", default: "" },
  form: { type: "string", default: "long" },
  seed: { type: "string", default: "1" },
  write: { type: "string" },
} as const;

/** Plays every attack with protections off and on; resolves with the exit code. */
export async function attack(words: readonly string[]): Promise<number> {
  const values = readOptions(OPTIONS, words);
  const form: Form = FORMS.find((one) => one === values.form) ?? wrongUse("--form is long or short");
  const scenarios = scenariosOf(form).filter(({ title }) => title.includes(values.only));
  if (scenarios.length === 0) wrongUse(`no attack of the ${form} form has "${values.only}" in its name`);
  const played: { scenario: Scenario; results: Result[] }[] = [];
  for (const scenario of scenarios) {
    const results: Result[] = [];
    for (const each of scenario.attacks) {
      for (const mode of MODES) results.push(await play(each, mode, form, Number(values.seed)));
    }
    played.push({ scenario, results });
    console.log(`\n${scenario.title}\n\n${tableOf(results, form)}`);
  }
  const broken = played.flatMap(({ results }) => breachesOf(results));
  // A run that broke a bound must not change the figures of the page.
  if (values.write && broken.length === 0) writeFileSync(values.write, documentOf(played, form));
  console.log(broken.length === 0 ? "\nEvery bound holds." : `\nBroken:\n${broken.join("\n")}`);
  return broken.length === 0 ? 0 : 1;
}

function scenariosOf(form: Form): Scenario[] {
  return SCENARIOS.map((each) => ({
    ...each,
    attacks: each.attacks.filter(({ inForms }) => inForms.includes(form)),
  })).filter(({ attacks }) => attacks.length > 0);
}
