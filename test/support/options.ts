import { type ParseArgsConfig, parseArgs } from "node:util";

/**
 * The options of a tool for developers. An option whose default is a whole number from 1 takes only such numbers, since
 * a run of no rounds, users or seconds shows nothing. A wrong option ends the process with one line and the exit code
 * of wrong use.
 */
export function readOptions<const T extends NonNullable<ParseArgsConfig["options"]>>(
  options: T,
  words: readonly string[] = process.argv.slice(2),
) {
  try {
    const { values } = parseArgs({ options, args: [...words] });
    const read: Readonly<Record<string, unknown>> = values;
    for (const [name, { default: usual }] of Object.entries(options)) {
      if (isWhole(usual) && !isWhole(read[name])) throw new Error(`--${name} takes a whole number from 1`);
    }
    return values;
  } catch (error) {
    return wrongUse(error instanceof Error ? error.message : String(error));
  }
}

/** Ends the process. */
export function wrongUse(problem: string): never {
  console.error(`error: ${problem} (see --help)`);
  process.exit(2);
}

function isWhole(value: unknown): boolean {
  return typeof value === "string" && /^[1-9]\d{0,14}$/.test(value);
}
