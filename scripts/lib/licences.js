import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const INSTALLED = /^(.*\/node_modules\/((?:@[^/]+\/)?[^/]+))\//;

/**
 * The licences of all packages that these modules come from, as their authors ask whoever passes their code on. Throws
 * where a package says nothing.
 *
 * @param moduleIds paths of modules
 */
export function licences(moduleIds) {
  const found = moduleIds.flatMap((id) => {
    const [, folder, name] = INSTALLED.exec(id.replaceAll("\\", "/")) ?? [];
    return folder ? [[name, folder]] : [];
  });
  const packages = [...new Map(found)].sort(([a], [b]) => (a < b ? -1 : 1));
  return packages
    .map(([name, folder]) => `${name}\n\n${licenceOf(name, folder)}\n`)
    .join(`\n${"-".repeat(80)}\n\n`);
}

function licenceOf(name, folder) {
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file) return readFileSync(join(folder, file), "utf8").trim();
  const { license, author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (!license) throw new Error(`${name} has no licence`);
  return `${license}${author ? `, ${author.name ?? author}` : ""}`;
}
