import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Stands for your pages: asks the person who sits at this terminal. */
export async function ask(question) {
  process.stdout.write(`${question} `);
  const { value = "", done } = await lines.next();
  if (done) throw new Error("nobody answers");
  return value.trim();
}

/** Runs the program; what Phonekey refuses, and what is missing here, is said in one line. */
export async function main(program) {
  try {
    await program();
  } catch (error) {
    console.error(["Refused", "Error"].includes(error.name) ? error.message : error);
    process.exitCode = 1;
  }
  process.stdin.destroy();
}

/** A setting of the example. */
export function needed(name) {
  const value = process.env[name];
  if (value) return value;
  console.error(`Set ${name}; examples/README.md says how.`);
  process.exit(1);
}
