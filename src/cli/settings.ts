import { type Config, loadConfig } from "../config.ts";
import { SettingsError } from "./failure.ts";

/** The settings of this process; warnings go to standard error, and all problems at once into one error. */
export function settings(): Config {
  const loaded = loadConfig();
  for (const warning of loaded.warnings) console.error(`warning: ${warning}`);
  if (loaded.ok) return loaded.config;
  const problems = loaded.problems.map(({ name, message }) => `  ${name}: ${message}`);
  throw new SettingsError(["phonekey: these settings must be changed:", ...problems].join("\n"));
}
