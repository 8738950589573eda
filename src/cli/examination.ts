import { examineParts } from "../compose/doctor/doctor.ts";
import { loadConfig } from "../config.ts";
import type { Finding } from "../core/maintenance/ports.ts";

/** Checks the settings and, if they can be used, every part that they choose. Never rejects. */
export async function examineAll(options: { readonly onScf?: boolean } = {}): Promise<readonly Finding[]> {
  const loaded = loadConfig(undefined, { ...options, makesSecret: false });
  const warnings = loaded.warnings.map((warning) => settingFinding("warn", ...split(warning)));
  if (loaded.ok) {
    const well: Finding = { name: "settings", status: "ok", says: "can be used" };
    return [...(warnings.length > 0 ? warnings : [well]), ...(await examineParts(loaded.config))];
  }
  return [...loaded.problems.map(({ name, message }) => settingFinding("wrong", name, message)), ...warnings];
}

function settingFinding(status: Finding["status"], name: string, says: string): Finding {
  return { name, status, says, todo: "See docs/configuration.md." };
}

function split(warning: string): [string, string] {
  const colon = warning.indexOf(":");
  return [warning.slice(0, colon), warning.slice(colon + 1).trim()];
}
