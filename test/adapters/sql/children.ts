import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly signal: string | undefined;
}

export interface Children {
  run(...words: readonly string[]): Promise<Ended>;
  remove(): void;
}

/** Makes `child.ts` runnable by plain Node.js in a folder where its packages are found, and runs it in processes. */
export async function buildChildren(): Promise<Children> {
  const outDir = join(import.meta.dirname, `../../../node_modules/.cache/sql-child-${process.pid}`);
  await build({
    configFile: false,
    logLevel: "error",
    build: { ssr: join(import.meta.dirname, "child.ts"), outDir, emptyOutDir: true },
  });
  return {
    run: (...words) => run(join(outDir, "child.js"), words),
    remove: () => rmSync(outDir, { recursive: true, force: true }),
  };
}

function run(script: string, words: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...words], (error, stdout, stderr) => {
      resolve({ stdout, stderr, signal: error?.signal ?? undefined });
    });
  });
}
