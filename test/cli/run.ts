import { type Command, CommanderError } from "commander";
import { vi } from "vitest";
import { describeFailure } from "../../src/cli/failure.ts";

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command within this process, with the exit codes of `src/cli/main.ts`. One at a time: it holds the console and
 * the environment meanwhile.
 */
export async function runCommand(
  command: Command,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const printed = { stdout: "", stderr: "" };
  const print = (to: "stdout" | "stderr") => (text: unknown) => {
    printed[to] += `${String(text)}\n`;
  };
  vi.spyOn(console, "log").mockImplementation(print("stdout"));
  vi.spyOn(console, "error").mockImplementation(print("stderr"));
  for (const one of [command, ...command.commands]) {
    one.exitOverride().configureOutput({ writeErr: print("stderr"), writeOut: print("stdout") });
  }
  const code = await exitCode(command, args, print("stderr"));
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  return { code, ...printed };
}

async function exitCode(
  command: Command,
  args: readonly string[],
  print: (text: string) => void,
): Promise<number> {
  process.exitCode = 0;
  try {
    await command.parseAsync(args, { from: "user" });
    return Number(process.exitCode);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    print(describeFailure(error));
    return 1;
  } finally {
    process.exitCode = 0;
  }
}
