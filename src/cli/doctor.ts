import { Command } from "commander";
import { examineParts } from "../compose/doctor.ts";
import { loadConfig } from "../config.ts";
import type { Finding } from "../core/maintenance/ports.ts";

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("Test every configured part for real, and say what is wrong and what to do.")
    .option("--json", "print the findings as JSON")
    .addHelpText(
      "after",
      "\nThe exit code is 1 when something is wrong; warnings alone leave it at 0.\n\nExample:\n  phonekey doctor",
    )
    .action(async (options: { json?: boolean }) => {
      const findings = await examineAll();
      const isWell = !findings.some(({ status }) => status === "wrong");
      console.log(options.json ? JSON.stringify({ ok: isWell, findings }) : asText(findings));
      if (!isWell) process.exitCode = 1;
    });
}

async function examineAll(): Promise<readonly Finding[]> {
  const loaded = loadConfig();
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

function asText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap(({ status, name, says, todo }) => {
    const line = `${status.padEnd(7)}${name.padEnd(width + 2)}${says}`;
    return todo && status !== "ok" ? [line, `${" ".repeat(width + 9)}→ ${todo}`] : [line];
  });
  return [...lines, "", summary(findings)].join("\n");
}

function summary(findings: readonly Finding[]): string {
  const count = (wanted: Finding["status"]) => findings.filter(({ status }) => status === wanted).length;
  const [wrong, warnings] = [count("wrong"), count("warn")];
  const told = warnings === 1 ? "1 warning" : `${warnings} warnings`;
  return wrong > 0 ? `${wrong} wrong, ${told}.` : `All is well, ${told}.`;
}
