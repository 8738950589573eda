import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** HashiCorp's own parser, built for WebAssembly. Its types bring in those of a browser, so they are not loaded. */
interface Hcl {
  parse(name: string, text: string): Promise<Body>;
  getReferencesInExpression(name: string, text: string): Promise<readonly { readonly value: string }[]>;
}

const { parse, getReferencesInExpression }: Hcl = createRequire(import.meta.url)("@cdktn/hcl2json");

export type Body = Readonly<Record<string, unknown>>;

export interface Block {
  /** The address in references: `type.name`, `data.type.name`, `var.name`, `local.name`, `output.name`. */
  readonly address: string;
  readonly kind: "resource" | "data" | "variable" | "output" | "local" | "provider";
  readonly type: string;
  readonly body: Body;
}

export interface Module {
  readonly blocks: ReadonlyMap<string, Block>;
  /** The addresses that a block's expressions name, with what follows them: `var.region`, `tencentcloud_vpc.main.id`. */
  readonly references: ReadonlyMap<string, readonly string[]>;
}

export async function readModule(folder: string): Promise<Module> {
  const files = readdirSync(folder).filter((name) => name.endsWith(".tf"));
  const texts = files.map((name): [string, string] => [name, readFileSync(join(folder, name), "utf8")]);
  return await parseModule(texts);
}

export async function parseModule(
  files: readonly (readonly [name: string, text: string])[],
): Promise<Module> {
  const parsed = await Promise.all(files.map(([name, text]) => parse(name, text)));
  const blocks = new Map(parsed.flatMap(blocksOf).map((block) => [block.address, block]));
  const references = new Map<string, readonly string[]>();
  for (const { address, kind, body } of blocks.values()) {
    references.set(address, await referencesIn(kind === "variable" ? { ...body, type: "" } : body));
  }
  return { blocks, references };
}

function blocksOf(file: Body): Block[] {
  const typed = (kind: "resource" | "data") =>
    pairs(file[kind]).flatMap(([type, named]) =>
      pairs(named).map(([name, body]) => {
        const address = kind === "data" ? `data.${type}.${name}` : `${type}.${name}`;
        return { address, kind, type, body: first(body) };
      }),
    );
  const named = (kind: "variable" | "output" | "provider", prefix: string) =>
    pairs(file[kind]).map(([name, body]) => ({
      address: `${prefix}.${name}`,
      kind,
      type: kind,
      body: first(body),
    }));
  const locals = [file.locals ?? []]
    .flat()
    .flatMap(pairs)
    .map(([name, value]) => ({
      address: `local.${name}`,
      kind: "local" as const,
      type: "local",
      body: { value },
    }));
  return [
    ...typed("resource"),
    ...typed("data"),
    ...named("variable", "var"),
    ...named("output", "output"),
    ...named("provider", "provider"),
    ...locals,
  ];
}

function pairs(value: unknown): [string, unknown][] {
  return Object.entries(Object(value ?? {}));
}

function first(value: unknown): Body {
  return Object([value].flat()[0]);
}

async function referencesIn(value: unknown): Promise<string[]> {
  const found = expressionsIn(value).map((text) => getReferencesInExpression("expression.tf", text));
  return (await Promise.all(found)).flat().map((reference) => reference.value);
}

function expressionsIn(value: unknown): string[] {
  if (typeof value === "string") return value.includes("${") ? [value] : [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(expressionsIn) : [];
}
