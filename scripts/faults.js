import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./lib/run.js";
import { runVitest, summarize } from "./lib/tally.js";

const DOCUMENT = join(ROOT, "docs/reliability.md");
const USE = "Usage: npm run test:faults [-- --write]     (FAULTS=short for the short form)";

const HEAD = `# What happens when something breaks

This page shows what happens to Phonekey when a store, the network or a process fails. Phonekey makes four promises for that:

- What it has acknowledged is kept.
- No budget is refilled, and no message is sent twice unless the person asks for it.
- It answers 503 with \`Retry-After\` while a store is down.
- It recovers by itself.

The figures are measured. \`npm run test:faults\` starts real processes and real stores, breaks them under steady load, and fails if
a promise is broken. \`npm run test:faults -- --write\` rewrites this page. A short form is part of \`npm test\`.

The load runs before, during and after each fault. Six people at a time sign up with an \`Idempotency-Key\`, sometimes guess wrong, sign in, change their
name, refresh their session and sign out. At the same time four attackers ask for codes of two numbers and try wrong ones.
`;

const TAIL = `
- *Answers*: all except those with 503. There was no other 5xx.
- *503*: with \`Retry-After\`, as problem documents.
- *Recovered*: the time from the end of the fault until every process had signed somebody in. Ten seconds are allowed.
- *Connections*: the most that the database saw, of the most that the pools may have together.
- *Lost*: users, names, sessions, sign-outs, refresh tokens and wrong guesses that were acknowledged but missing
  afterwards; and messages whose code did not work, unless Redis itself was lost.
- *Doubled*: second users of one phone, sessions of one sign-in, or messages of one start.
- *Overspent*: attacked numbers that got more than 9 guesses at six digits, more messages than \`LIMIT_PHONE_SENDS\`, or
  messages closer together than \`RESEND_SECONDS\`.

No process ended except those that were killed.
`;

const COLUMNS = [
  ["Fault", "fault"],
  ["Stores", "stores"],
  ["Answers", "answered"],
  ["503", "unavailable"],
  ["Sign-ups", "people"],
  ["Slowest answer, ms", "slowestMs"],
  ["Recovered, ms", "recoveredMs"],
  ["Connections", "connections"],
  ["Lost", "lost"],
  ["Doubled", "doubled"],
  ["Overspent", "overspent"],
];

/** Runs the tests of faults and collects what they measured: resolves with `{tally, figures}`. */
async function measure(form) {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-faults-"));
  const file = join(folder, "figures.jsonl");
  writeFileSync(file, "");
  const tally = await runVitest(["--project=faults"], { FAULTS: form, FAULTS_FIGURES: file });
  const lines = readFileSync(file, "utf8").trim().split("\n").filter(Boolean);
  rmSync(folder, { recursive: true });
  return { tally, figures: lines.map((line) => JSON.parse(line)) };
}

function tableOf(figures) {
  const row = (cells) => `| ${cells.join(" | ")} |`;
  const head = [row(COLUMNS.map(([title]) => title)), row(COLUMNS.map(() => "---"))];
  const rows = figures.map((each) => row(COLUMNS.map(([, key]) => each[key] ?? "–")));
  return [...head, ...rows].join("\n");
}

function documentOf(figures) {
  const date = new Date().toISOString().slice(0, 10);
  const where = `Measured on ${date} with Node.js ${process.version} on ${availableParallelism()} processor cores`;
  return `${HEAD}\n${where}, which the stores, the processes and the load share.\n\n${tableOf(figures)}\n${TAIL}`;
}

async function main(words) {
  if (words.some((word) => word !== "--write")) {
    console.error(USE);
    return 2;
  }
  const { tally, figures } = await measure(process.env.FAULTS ?? "long");
  const { line, isPassed } = summarize([tally]);
  console.log(`\n${tableOf(figures)}\n`);
  // Figures of a run that failed say nothing that is true of Phonekey.
  if (words.length > 0 && isPassed) writeFileSync(DOCUMENT, documentOf(figures));
  console.log(line);
  return isPassed ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
