import { breaches, type Form, type Result, type Scenario } from "./stage.ts";

/** What one solution of a proof of work costs by default, in seconds of one core of a server: 3 million rounds. */
const SECONDS_A_SOLUTION = 0.5;

const HEAD = `# What attacks come to

\`npm run attack\` starts Phonekey in one process, with its default settings, and lets attackers play against it beside
normal people, in simulated time. It fails if a bound is broken. All of it takes about 20 minutes,
\`npm run attack -- --only Disguise --form short\` one. \`npm run attack -- --write\` rewrites this page; the short form is part of \`npm test\`. The same seed
gives the same figures.

**What runs.** The whole service behind its HTTP application: users, messages and the ledger of guesses in SQLite,
limits in memory, a clock set by the simulation, and a sender that counts. A stand-in for challenges believes
whoever claims to have solved one. Attackers solve all of them, and the table shows what that costs (3 million rounds of PBKDF2, about half
a second of one core, for each). Only the replay attack meets real puzzles.

**Who else is there.** 400 people with 300 attempts a day to sign in, most of them in the daytime: half behind
carrier NAT (12 regions of four addresses each), some behind the single address of a campus, the others at home, some of them
with IPv6. One code in twenty is mistyped, one message in a hundred never arrives, some lose interest, and three in ten
come on a new device. They sign in for a day before the attack begins; if it matters what was learned (the rows about the budget and about a carrier's
NAT), for two weeks, and one attempt in fifty is then somebody's first, from wherever they are.

**On and off.** *Off* is \`GUARD_MODE=off\`, \`CAPTCHA=off\`, \`SPEND_HOUR=unlimited\`, \`SPEND_DAY=unlimited\`, every
\`LIMIT_…=unlimited\` and \`RESEND_SECONDS=1\`. The bounds on guesses cannot be switched off: three per code, nine
per number in 30 days.

**The columns.** *Messages* and *CNY*: those of the attack, at 0.05 each; *an hour*: the most CNY in any hour. *A range*: the most messages to any ten thousand numbers
in any 24 hours. *Core hours*: what solving the challenges cost the attacker. *Guesses*: wrong codes that were checked.
*One number* and *break-ins*: the chance of a break-in for the number that was guessed most, and how many
to expect over all numbers, if the attack goes on for a year. *Challenged*, *refused*, *kept out*: the attempts of
normal people who had to solve something, who were told to wait or come later, and who did not get in because of that;
*known*: how many of the refused were on a known device.

**What must hold.** At most 60 messages a day to a range where no code is ever entered; at most \`SPEND_HOUR\` in any hour, 50 CNY by default, and a
tenth more with a third party's challenges; a chance of at most 1.5e-4 a year for one number, 5e-4 with six digits; nobody on a known device
refused; and at most 1 % of normal attempts refused. The last bound cannot hold against attackers who are in the same networks as people, cannot be told from them, and ask faster
than the share of those networks pays for ([why](protection.md#shares)): *Silencing others* names the two rows where they do.
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

/** The whole page: a scenario a part, a row an attack and mode. */
export function documentOf(
  played: readonly { scenario: Scenario; results: readonly Result[] }[],
  form: Form,
): string {
  const parts = played.map(({ scenario, results }) =>
    [
      `## ${scenario.title}`,
      `${scenario.attacker} *What stops it:* ${scenario.stops} *What is left:* ${scenario.left}`,
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

/** Everything that the results break. */
export function breachesOf(results: readonly Result[]): string[] {
  return results.filter(({ mode }) => mode === "on").flatMap(breaches);
}
