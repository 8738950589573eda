import { readFileSync } from "node:fs";
import { type Copy, DockerfileParser, type Instruction } from "dockerfile-ast";

/** A part of a Dockerfile that begins with `FROM`. */
export interface Stage {
  readonly name: string;
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

export interface CopyStep {
  /** The stage it copies from; undefined for the context. */
  readonly from: string | undefined;
  /** User and group, as numbers. */
  readonly owner: readonly [uid: number, gid: number] | undefined;
  readonly sources: readonly string[];
  readonly destination: string;
}

export function readStages(path: string): readonly Stage[] {
  const stages: { name: string; base: string; instructions: Instruction[] }[] = [];
  for (const instruction of DockerfileParser.parse(readFileSync(path, "utf8")).getInstructions()) {
    const words = instruction.getExpandedArguments().map((word) => word.getValue());
    if (instruction.getKeyword() === "FROM") {
      const [base = "", , name = String(stages.length)] = words;
      stages.push({ name, base, instructions: [] });
    } else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

export function readCopy(instruction: Instruction): CopyStep {
  const words = instruction.getArguments().map((word) => word.getValue());
  const flags = new Map((instruction as Copy).getFlags().map((flag) => [flag.getName(), flag.getValue()]));
  const [uid, gid] = flags.get("chown")?.split(":").map(Number) ?? [];
  return {
    from: flags.get("from") ?? undefined,
    owner: uid === undefined || gid === undefined ? undefined : [uid, gid],
    sources: words.slice(0, -1),
    destination: words.at(-1) ?? "",
  };
}

/** The words of an instruction that is written as a list; undefined if a shell would read it. */
export function readWords(instruction: Instruction | undefined): string[] | undefined {
  const text = instruction?.getArgumentsContent() ?? "";
  const list = /^(?:CMD\s+)?(\[.*\])$/s.exec(text)?.[1];
  return list === undefined ? undefined : (JSON.parse(list) as string[]);
}

/** Whether `.dockerignore` keeps a path of the context out. Its patterns are names at the top, and `*`. */
export function createIgnore(path: string): (file: string) => boolean {
  const patterns = readFileSync(path, "utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  for (const pattern of patterns)
    if (!/^(\*|!?[\w.-]+)$/.test(pattern)) throw new Error(`this test does not know the pattern ${pattern}`);
  return (file) => {
    const top = file.replace(/^\.\//, "").split("/")[0];
    const last = patterns.findLast((pattern) => pattern === "*" || pattern.replace("!", "") === top);
    return last !== undefined && !last.startsWith("!");
  };
}
