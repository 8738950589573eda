import { type Config, loadConfig, loadTencent } from "../config.ts";
import { SettingsError } from "./failure.ts";

interface SettingsOptions {
  readonly onScf?: boolean;
  /** Whether a missing development secret is created. Only commands that begin an installation do that. */
  readonly makesSecret?: boolean;
}

/** The settings of this process. Warnings go to standard error; all problems go into one error. */
export function settings({ onScf = false, makesSecret = onScf }: SettingsOptions = {}): Config {
  const loaded = loadConfig(undefined, { onScf, makesSecret });
  for (const warning of loaded.warnings) console.error(`warning: ${warning}`);
  if (loaded.ok) return loaded.config;
  throw wrongSettings(loaded.problems);
}

/** The settings of Tencent Cloud alone, of which only a key is required. */
export function tencentSettings(): Config["tencent"] {
  const loaded = loadTencent();
  if (loaded.ok) return loaded.tencent;
  throw wrongSettings(loaded.problems);
}

function wrongSettings(
  problems: readonly { readonly name: string; readonly message: string }[],
): SettingsError {
  const lines = problems.map(({ name, message }) => `  ${name}: ${message}`);
  return new SettingsError(["phonekey: these settings must be changed:", ...lines].join("\n"));
}
