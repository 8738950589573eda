import { type Config, loadConfig, loadTencent } from "../config.ts";
import { SettingsError } from "./failure.ts";

interface SettingsOptions {
  readonly onScf?: boolean;
  /** Whether the secret of development is made where it is missing: by what begins an installation, and no other command. */
  readonly makesSecret?: boolean;
}

/** The settings of this process; warnings go to standard error, and all problems at once into one error. */
export function settings({ onScf = false, makesSecret = onScf }: SettingsOptions = {}): Config {
  const loaded = loadConfig(undefined, { onScf, makesSecret });
  for (const warning of loaded.warnings) console.error(`warning: ${warning}`);
  if (loaded.ok) return loaded.config;
  throw wrongSettings(loaded.problems);
}

/** The settings of Tencent Cloud alone, of which only a key must be there. */
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
