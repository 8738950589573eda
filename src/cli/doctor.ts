import { Command } from "commander";
import { counted } from "../core/counted.ts";
import type { Finding } from "../core/maintenance/ports.ts";
import { examineAll } from "./examination.ts";

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("Test every configured part for real; say what is wrong and what to do.")
    .option("--json", "print the findings as JSON")
    .addHelpText(
      "after",
      "\nThe exit code is 1 if something is wrong, and 0 if there are only warnings.\n\nExample:\n  phonekey doctor",
    )
    .action(async (options: { json?: boolean }) => {
      const findings = await examineAll();
      const isWell = !findings.some(({ status }) => status === "wrong");
      console.log(options.json ? JSON.stringify({ ok: isWell, findings }) : asText(findings));
      if (!isWell) process.exitCode = 1;
    });
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
  const told = counted(warnings, "warning");
  return wrong > 0 ? `${wrong} wrong, ${told}.` : `All is well, ${told}.`;
}
