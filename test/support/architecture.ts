import { posix } from "node:path";
import { parseSync, Visitor } from "vite";

/** One broken rule, with the file that breaks it. */
export interface Breach {
  readonly file: string;
  readonly rule: string;
}

/** Source texts by their path from the repository's folder, such as `src/core/phone.ts`. */
export type Sources = ReadonlyMap<string, string>;

interface Zone {
  /** The zones it may import, itself aside. */
  readonly imports: readonly string[];
  /** Whether it may import this package or built-in module. */
  readonly mayUse: (module: string, file: string) => boolean;
  /** Whether it must leave clock, chance, timers, network and environment to the ports. */
  readonly isPure?: true;
}

const CRYPTO_IN_CORE = "src/core/secrets.ts";
const DOORS = ["hono", "@hono/", "commander"];
const STORES = ["kysely", "libsql", "mysql2", "redis"];
const AMBIENT = ["node:process", "process", "node:timers", "timers"];

/** Who may import whom: the table of `docs/architecture.md`. */
const ZONES: Readonly<Record<string, Zone>> = {
  core: {
    imports: [],
    mayUse: (module, file) =>
      isOneOf(module, ["libphonenumber-js"]) || (module === "node:crypto" && file === CRYPTO_IN_CORE),
    isPure: true,
  },
  adapters: {
    imports: ["core"],
    mayUse: (module) => !isOneOf(module, [...DOORS, "node:process", "process"]),
  },
  http: {
    imports: ["core"],
    mayUse: (module) => !isOneOf(module, [...STORES, ...AMBIENT, "commander"]),
    isPure: true,
  },
  config: { imports: ["core"], mayUse: (module) => !isOneOf(module, [...DOORS, ...STORES]) },
  compose: { imports: ["core", "adapters", "http", "config"], mayUse: () => true },
  cli: { imports: ["core", "compose", "config"], mayUse: (module) => !isOneOf(module, STORES) },
  main: { imports: ["compose", "config", "cli"], mayUse: (module) => !isOneOf(module, STORES) },
};

const MAX_LINES = 300;
const IMPURE_CALLS = ["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "fetch"];
const IMPURE_OBJECTS = ["process", "performance", "crypto", "globalThis"];

/** Every breach of the rules in these files. Judges only what is under `src/`, and the length of everything. */
export function findBreaches(sources: Sources): Breach[] {
  const own = [...sources].filter(([file]) => file.startsWith("src/"));
  const read = own.map(([file, text]) => ({ file, ...readModule(file, text) }));
  const rules = read.flatMap(({ file, imports, effects }) => [
    ...imports.flatMap((module) => judgeImport(file, module)),
    ...effects.flatMap((effect) => judgeEffect(file, effect)),
  ]);
  const broken = rules.map(({ file, rule }) => ({ file, rule }));
  return [...broken, ...findLong(sources), ...findCycles(read)];
}

function isOneOf(module: string, names: readonly string[]): boolean {
  return names.some((name) => module === name || module.startsWith(name.endsWith("/") ? name : `${name}/`));
}

/** `adapters/sql` is a zone of its own among the adapters, so that no adapter imports another. */
function zoneOf(file: string): { name: string; part: string } {
  const [, first = "", second = ""] = file.split("/");
  const name = first.replace(/\.tsx?$/, "");
  return { name, part: name === "adapters" ? `adapters/${second}` : name };
}

function judgeImport(file: string, module: string): Breach[] {
  const { name, part } = zoneOf(file);
  const zone = ZONES[name];
  if (!zone) return [{ file, rule: `src/${name} is no part of the design` }];
  if (!module.startsWith("."))
    return zone.mayUse(module, file) ? [] : [{ file, rule: `${name} may not use ${module}` }];
  const target = zoneOf(posix.join(posix.dirname(file), module));
  const isAllowed = target.part === part || zone.imports.includes(target.name);
  return isAllowed ? [] : [{ file, rule: `${part} may not import ${target.part} (${module})` }];
}

function judgeEffect(file: string, effect: string): Breach[] {
  const isReader = file === "src/config.ts";
  if (effect === "process.env")
    return isReader ? [] : [{ file, rule: "only src/config.ts reads process.env" }];
  const { name } = zoneOf(file);
  if (effect !== "Math.random" && !ZONES[name]?.isPure) return [];
  return [{ file, rule: `${effect} belongs behind a port` }];
}

function findLong(sources: Sources): Breach[] {
  return [...sources].flatMap(([file, text]) => {
    const lines = text.replace(/\n$/, "").split("\n").length;
    return lines > MAX_LINES ? [{ file, rule: `${lines} lines, ${MAX_LINES} is the most` }] : [];
  });
}

interface Module {
  readonly imports: readonly string[];
  /** Those of the imports that are still there when the program runs. */
  readonly runtimeImports: readonly string[];
  readonly effects: readonly string[];
}

/** What a module imports (types too) and which ambient effects it names, by its syntax tree, so that comments do not count. */
function readModule(file: string, text: string): Module {
  const { program, errors } = parseSync(file, text);
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`);
  const imports: string[] = [];
  const runtimeImports: string[] = [];
  const effects: string[] = [];
  const importFrom = (node: ImportNode): void => {
    const module = literal(node.source);
    if (module === undefined) return;
    imports.push(module);
    if (!isErased(node)) runtimeImports.push(module);
  };
  new Visitor({
    ImportDeclaration: importFrom,
    ExportNamedDeclaration: importFrom,
    ExportAllDeclaration: importFrom,
    ImportExpression: importFrom,
    TSImportType: importFrom,
    MemberExpression: (node) => effects.push(...effectOfMember(node)),
    NewExpression: (node) => effects.push(...effectOfDate(node)),
    CallExpression: (node) => effects.push(...effectOfCall(node)),
    VariableDeclarator: ({ id, init }) => effects.push(...effectOfPattern(id, init)),
  }).visit(program);
  return { imports, runtimeImports, effects };
}

/** The part of a syntax tree's node that the rules look at. */
interface Node {
  readonly type?: string;
  readonly name?: unknown;
  readonly value?: unknown;
  readonly properties?: readonly unknown[];
  readonly key?: unknown;
}

interface ImportNode {
  readonly type?: string;
  readonly source?: unknown;
  readonly importKind?: unknown;
  readonly exportKind?: unknown;
}

function isErased({ type, importKind, exportKind }: ImportNode): boolean {
  return type === "TSImportType" || importKind === "type" || exportKind === "type";
}

function literal(node: unknown): string | undefined {
  const { value } = (node ?? {}) as Node;
  return typeof value === "string" ? value : undefined;
}

function nameOf(node: unknown): string {
  const { type, name } = (node ?? {}) as Node;
  return type === "Identifier" && typeof name === "string" ? name : "";
}

function effectOf(object: string, member: string): string[] {
  const path = `${object}.${member}`;
  if (["process.env", "Math.random", "Date.now"].includes(path)) return [path];
  return IMPURE_OBJECTS.includes(object) ? [path] : [];
}

function effectOfMember(node: { object: unknown; property: unknown }): string[] {
  return effectOf(nameOf(node.object), nameOf(node.property) || (literal(node.property) ?? ""));
}

function effectOfDate(node: { callee: unknown; arguments: readonly unknown[] }): string[] {
  return nameOf(node.callee) === "Date" && node.arguments.length === 0 ? ["new Date()"] : [];
}

function effectOfCall(node: { callee: unknown }): string[] {
  const name = nameOf(node.callee);
  if (name === "Date") return ["Date()"];
  return IMPURE_CALLS.includes(name) ? [name] : [];
}

/** `const { env } = process` reads it as well. */
function effectOfPattern(id: unknown, init: unknown): string[] {
  const properties = ((id ?? {}) as Node).properties ?? [];
  return properties.flatMap((property) => effectOf(nameOf(init), nameOf(((property ?? {}) as Node).key)));
}

/**
 * Cycles between the folders of core: what runs in one can be understood and changed after what it calls. Types do
 * not count, since the ports of two folders may name each other's shapes.
 */
function findCycles(modules: readonly (Module & { file: string })[]): Breach[] {
  const graph: Graph = new Map();
  for (const { file, runtimeImports } of modules) {
    for (const module of runtimeImports) addEdge(graph, file, module);
  }
  return [...graph.keys()].flatMap((folder) => cycleFrom(graph, folder));
}

type Graph = Map<string, Map<string, string>>;

function addEdge(graph: Graph, file: string, module: string): void {
  const from = unitOf(file);
  const to = module.startsWith(".") ? unitOf(posix.join(posix.dirname(file), module)) : "";
  if (!from.startsWith("src/core") || !to.startsWith("src/core") || from === to) return;
  const edges = graph.get(from) ?? new Map<string, string>();
  graph.set(from, edges.set(to, file));
}

/** A folder of core; or a file beside the folders, since those lie partly below them and partly above. */
function unitOf(file: string): string {
  const folder = posix.dirname(file);
  return folder === "src/core" ? file : folder;
}

/** The shortest way from a folder back to itself, named once: at the folder that sorts first. */
function cycleFrom(graph: Graph, start: string): Breach[] {
  const queue: string[][] = [[start]];
  const seen = new Set<string>();
  for (let path = queue.shift(); path; path = queue.shift()) {
    for (const next of graph.get(path.at(-1) ?? "")?.keys() ?? []) {
      if (next === start)
        return path.every((folder) => start <= folder) ? [describe(graph, [...path, start])] : [];
      if (!seen.has(next)) queue.push([...path, next]);
      seen.add(next);
    }
  }
  return [];
}

function describe(graph: Graph, path: readonly string[]): Breach {
  const files = path.slice(1).map((to, at) => graph.get(path[at] ?? "")?.get(to) ?? "");
  return { file: files[0] ?? "", rule: `a cycle of folders: ${path.join(" → ")} (${files.join(", ")})` };
}
