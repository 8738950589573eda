import { breaches, type Form, type Result, type Scenario } from "./stage.ts";

/** What one solution of a proof of work costs by default, in seconds of one core of a server: 3 million rounds. */
const SECONDS_A_SOLUTION = 0.5;

const HEAD = `# What attacks achieve

This page shows what simulated attackers achieve against Phonekey, with its protections on and off, and what that costs normal people.

\`\`\`sh
npm run attack
\`\`\`

starts Phonekey in one process with its default settings. Attackers and normal people use it at the same time, in simulated time. The command fails if
[a bound](#what-must-hold) is broken. It takes about 20 minutes; \`npm run attack -- --only Disguise --form short\` takes one.
\`npm run attack -- --write\` rewrites this page. \`npm test\` runs the short form. The same seed gives the same figures.

## What runs

- **The service.** The whole service behind its HTTP application: users, messages and the ledger of guesses in SQLite, limits in memory, a clock that the
  simulation sets, and a sender that only counts.
- **Challenges.** A stand-in accepts every claim that a challenge was solved. Attackers solve all of them, and the table shows what that costs: 3 million
  rounds of PBKDF2 for each, about half a second of one core. Only the replay attack solves real puzzles.
- **Normal people.** 400 people make 300 sign-in attempts a day, most of them in the daytime. Half of them are behind carrier NAT (12 regions of four addresses
  each), some share the single address of a campus, the others are at home, some of them with IPv6. One code in twenty is mistyped, one message in a hundred
  never arrives, some people give up, and three in ten use a new device. They sign in for one day before the attack begins. In the rows about the budget and about a
  carrier's NAT, where it matters what Phonekey has learned, they sign in for two weeks, and then one attempt in fifty is somebody's first, from a random place.
- **Protections off.** *Off* is \`GUARD_MODE=off\`, \`CAPTCHA=off\`, \`SPEND_HOUR=unlimited\`, \`SPEND_DAY=unlimited\`, every
  \`LIMIT_…=unlimited\` and \`RESEND_SECONDS=1\`. The bounds on guesses cannot be switched off: three per code, nine per number in 30 days.

## The columns

| Column | Shows |
| --- | --- |
| *Hours* | how long the attack went on |
| *Messages*, *CNY* | the attack's messages, and their cost at 0.05 each |
| *An hour* | the most CNY in any hour |
| *A range* | the most messages to any ten thousand numbers in any 24 hours |
| *Core hours* | what solving the challenges cost the attacker |
| *Guesses* | wrong codes that were checked |
| *One number* | the chance of a break-in into the number that was guessed most, if the attack goes on for a year |
| *Break-ins* | how many to expect over all numbers, if the attack goes on for a year |
| *Attempts* | the attempts of normal people |
| *Challenged*, *Refused*, *Kept out* | those of them that had to solve a challenge; that were told to wait or come later; that did not get in because of it |
| *Known* | how many of the refused attempts were on a known device |

## What must hold

- At most 60 messages a day go to a range where no code is ever entered.
- At most \`SPEND_HOUR\` is spent in any hour, 50 CNY by default; with a third party's challenges a tenth more.
- The chance of a break-in is at most 1.5e-4 a year for one number, or 5e-4 with six digits.
- Nobody on a known device is refused.
- At most 1 % of normal attempts are refused. This bound cannot hold if attackers are in the same networks as people, behave like people, and ask faster
  than the share of those networks pays for ([why](protection.md#shares)). In [Silencing others](#silencing-others) that is so in two rows.
`;

const COLUMNS = [
  "Attack",
  "",
  "Hours",
  "Messages",
  "CNY",
  "An hour",
  "A range",
  "Core hours",
  "Guesses",
  "One number",
  "Break-ins",
  "Attempts",
  "Challenged",
  "Refused",
  "Kept out",
  "Known",
];

/** The whole page: a section for a scenario, a row for an attack and a mode. */
export function documentOf(
  played: readonly { scenario: Scenario; results: readonly Result[] }[],
  form: Form,
): string {
  const parts = played.map(({ scenario, results }) =>
    [
      `## ${scenario.title}`,
      `- *The attack.* ${scenario.attacker}\n- *What stops it.* ${scenario.stops}\n- *What is left.* ${scenario.left}`,
      tableOf(results, form),
    ].join("\n\n"),
  );
  return `${HEAD}\n${parts.join("\n\n")}\n`;
}

export function tableOf(results: readonly Result[], form: Form): string {
  const row = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  const lines = results.map((result) => row(cellsOf(result, form)));
  return [row(COLUMNS), row(COLUMNS.map(() => "---")), ...lines].join("\n");
}

function cellsOf({ attack, mode, people, ...result }: Result, form: Form): (string | number)[] {
  return [
    attack.name,
    mode,
    attack.hours[form],
    result.messages,
    result.yuan.toFixed(2),
    result.hourYuan.toFixed(2),
    result.rangeDay,
    ((result.solved * SECONDS_A_SOLUTION) / 3_600).toFixed(1),
    result.guesses,
    attack.bounds.oneNumberYear === undefined ? "–" : chanceOf(result.oneNumberYear),
    result.breakInsAYear < 0.1 ? chanceOf(result.breakInsAYear) : result.breakInsAYear.toFixed(1),
    people.attempts,
    partOf(people.challenged, people.attempts),
    partOf(people.refused, people.attempts),
    partOf(people.locked, people.attempts),
    people.knownRefused,
  ];
}

function chanceOf(chance: number): string {
  return chance === 0 ? "0" : chance.toExponential(1);
}

function partOf(count: number, all: number): string {
  return all === 0 ? "–" : `${((100 * count) / all).toFixed(1)} %`;
}

/** All bounds that the results break. */
export function breachesOf(results: readonly Result[]): string[] {
  return results.filter(({ mode }) => mode === "on").flatMap(breaches);
}
