import { parse } from "yaml";
import { readDeployed, readEnvFile, type Variables } from "./settings.ts";

export interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly user?: string;
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly command?: readonly string[];
  readonly env_file?: string;
  readonly environment: Variables;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly ports?: readonly string[];
  readonly networks: readonly string[];
  readonly volumes?: readonly string[];
  readonly restart: string;
  readonly stop_grace_period?: string;
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, Network>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

interface Network {
  readonly internal?: boolean;
  readonly ipam?: { readonly config: readonly { readonly subnet: string; readonly gateway: string }[] };
}

/** What an operator writes into `.env`. */
export const ENV: Variables = {
  ...readEnvFile("docker/example.env"),
  MYSQL_PASSWORD: "5f1c0ffee",
  REDIS_PASSWORD: "5f1cafe",
};

/** The compose file as it is read with `ENV`. */
export function readCompose(): Compose {
  const text = readDeployed("docker/compose.yaml");
  const filled = text.replace(/(?<!\$)\$\{(\w+):\?\}/g, (_, name: string) => writtenFor(name));
  return parse(filled.replaceAll("$$", "$"), { merge: true }) as Compose;
}

function writtenFor(name: string): string {
  const value = ENV[name];
  if (value === undefined) throw new Error(`example.env does not name ${name}`);
  return value;
}
