import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const NOT_OURS = /^(package-lock\.json|LICENSE|test\/vectors\/.*)$/;

interface LockedPackage {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

/** What git keeps or would keep; ignored files do not matter. */
const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\0")
  .filter((file) => file !== "" && existsSync(join(ROOT, file)));

const texts = files
  .filter((file) => !NOT_OURS.test(file) && !/\.(png|jpe?g|webp|ico|woff2)$/.test(file))
  .map((file) => ({ file, text: read(file) }));

const markdown = texts.filter(({ file }) => file.endsWith(".md"));
const manifest = JSON.parse(read("package.json")) as {
  scripts: Record<string, string>;
  bin: Record<string, string>;
  engines: Record<string, string>;
  license: string;
};
const locked = Object.entries(
  (JSON.parse(read("package-lock.json")) as { packages: Record<string, LockedPackage> }).packages,
).filter(([path]) => path !== "");

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** Every place where the pattern is found, as `file:line: text`. */
function occurrences(pattern: RegExp): string[] {
  return texts.flatMap(({ file, text }) =>
    text.split("\n").flatMap((line, at) => (pattern.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : [])),
  );
}

/** The distinct first groups of all matches in the markdown files, with a file that has it. */
function mentioned(pattern: RegExp): [what: string, file: string][] {
  const found = markdown.flatMap(({ file, text }) =>
    [...text.matchAll(pattern)].map((match): [string, string] => [match[1] ?? "", file]),
  );
  return [...new Map(found)];
}

it("git lists the files of the repository", () => {
  expect(files).toEqual(
    expect.arrayContaining(["package.json", "package-lock.json", "LICENSE", "biome.json"]),
  );
  expect(locked.length).toBeGreaterThan(50);
});

it("package-lock.json locks every package by its SHA-512, and none to a place", () => {
  const packages = locked.filter(([, { link }]) => !link);
  const unlocked = packages.filter(([, { integrity }]) => !integrity?.startsWith("sha512-"));
  expect(unlocked.map(([path]) => path)).toStrictEqual([]);
  expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toStrictEqual([]);
});

it("npm ci installs without running a script of any package", () => {
  const scripted = locked.filter(([, { hasInstallScript }]) => hasInstallScript);
  expect(scripted.map(([path]) => path)).toStrictEqual([]);
  const hooks = ["preinstall", "install", "postinstall", "prepare", "prepublish"];
  expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toStrictEqual([]);
});

/** Each with an example that it must find, in two pieces so that this file is not found itself. */
const UNWANTED: readonly (readonly [what: string, pattern: RegExp, example: readonly string[]])[] = [
  [
    "a package registry",
    /https?:\/\/[\w.-]*(registry|npmmirror|artifactory|nexus|verdaccio|jfrog)\b/i,
    ["curl https:/", "/registry.example.com/hono"],
  ],
  [
    "a folder of somebody's machine",
    /(?<![\w.:-])(\/(home|Users)\/\w|\/(root|work|farm|workspace)\/)|[A-Z]:\\Users/,
    ["cd /ho", "me/li/phonekey"],
  ],
  [
    "a secret key (T54)",
    /-----BEGIN [A-Z ]*PRIVATE KEY|\bAKID[0-9A-Za-z]{32}\b|\bpk_[\w-]{43}\b/,
    ["-----BEGIN PRI", "VATE KEY-----"],
  ],
  ["something left for later", /\b(TO[D]O|FIX[M]E|XX[X])\b/, ["// FIX", "ME: check"]],
];

it.each(UNWANTED)("no file contains %s", (_what, pattern, example) => {
  expect(example.join("")).toMatch(pattern);
  expect(occurrences(pattern)).toStrictEqual([]);
});

it("package.json says what it needs and under which licence it stands", () => {
  expect(manifest.engines).toStrictEqual({ node: ">=20.19" });
  expect(manifest.license).toBe("Apache-2.0");
  expect(read("LICENSE")).toMatch(/Apache License\s+Version 2\.0, January 2004/);
});

it("commands and scripts can be started", () => {
  for (const file of [...Object.values(manifest.bin), ".ci/run"]) {
    expect(read(file), file).toMatch(/^#!\/usr\/bin\/env (node|bash)\n/);
    expect(() => accessSync(join(ROOT, file), constants.X_OK), file).not.toThrow();
  }
  for (const [name, command] of Object.entries(manifest.scripts)) {
    const script = /^node (\S+)/.exec(command)?.[1];
    if (script) expect(existsSync(join(ROOT, script)), `npm run ${name}: ${script}`).toBe(true);
  }
});

it(".gitignore keeps out of git the secrets and numbers that the documents have one write into a clone", () => {
  const written = [
    "phonekey.env",
    "deploy/docker/.env",
    "deploy/kubernetes/secret.yaml",
    "deploy/tencent/terraform.tfvars",
    "phonekey.sql",
    "phonekey-copy.db",
    "users.ndjson",
    "users.ndjson.partial",
  ];
  const ignored = execFileSync("git", ["check-ignore", ...written], { cwd: ROOT, encoding: "utf8" });
  expect(ignored.trim().split("\n")).toStrictEqual(written);
});

it("documents name only npm scripts that exist", () => {
  const scripts = mentioned(/\bnpm (?:run )?((?<=run )[a-z][\w:-]*|start|test)\b/g);
  expect(scripts.length).toBeGreaterThan(10);
  const missing = scripts.filter(([name]) => manifest.scripts[name] === undefined);
  expect(missing).toStrictEqual([]);
});

it("documents name only commands that exist", { timeout: 120_000 }, () => {
  const commands = mentioned(/\bnpx phonekey((?: [a-z][a-z-]*)+)/g);
  expect(commands.length).toBeGreaterThan(10);
  const helps = new Map<string, string>();
  for (const [words, file] of commands) {
    const within = words.split(" ").slice(1, -1).join(" ");
    const help = helps.get(within) ?? helpOf(within);
    helps.set(within, help);
    expect(help, `${file}:${words}`).toMatch(new RegExp(`^  ${words.split(" ").at(-1)}( |$)`, "m"));
  }
});

/** The help of a command, which lists its subcommands. */
function helpOf(command: string): string {
  const words = ["bin/phonekey.js", ...command.split(" ").filter(Boolean), "--help"];
  const help = execFileSync(process.execPath, words, { cwd: ROOT, encoding: "utf8" });
  expect(help).toContain(`Usage: phonekey ${command}`);
  return help;
}

/** Markdown without its code blocks, whose comments look like headings. */
const prose = (text: string) => text.replaceAll(/^ *(`{3,}).*?^ *\1/gms, "");

/** The anchors that GitHub gives to the headings of a text. */
function anchorsOf(text: string): string[] {
  return [...prose(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Whether a link of this file leads to an existing file, and to an existing heading in it. */
function isReached(file: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path ? join(dirname(file), path) : file;
  if (!existsSync(join(ROOT, target))) return false;
  return !anchor || !target.endsWith(".md") || anchorsOf(read(target)).includes(anchor);
}

it("documents link only to files and headings that exist", () => {
  expect(anchorsOf("## `a`, b and [C](c.md)\n```sh\n# no\n```\n")).toStrictEqual(["a-b-and-c"]);
  expect(isReached("README.md", "docs/keys.md#no-such-heading")).toBe(false);
  const broken = markdown.flatMap(({ file, text }) =>
    [...prose(text).matchAll(/\]\(([^)\s]+)[^)]*\)/g)]
      .map((match) => match[1] ?? "")
      .filter((link) => !/^[a-z]+:/.test(link) && !isReached(file, link))
      .map((link) => `${file}: ${link}`),
  );
  expect(broken).toStrictEqual([]);
});

it("docs/decisions/README.md lists every decision once, under its own number", () => {
  const names = files.flatMap((file) => /^docs\/decisions\/(\d{4}-.+\.md)$/.exec(file)?.[1] ?? []).sort();
  const rows = [...read("docs/decisions/README.md").matchAll(/^\| \[(\d{4})\]\((.+?)\)/gm)];
  expect(rows.map(([, , name]) => name)).toStrictEqual(names);
  const numbers = names.map((name) => name.slice(0, 4));
  expect(rows.map(([, number]) => number)).toStrictEqual(numbers);
  expect(new Set(numbers).size).toBe(numbers.length);
});
