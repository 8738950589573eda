import type { Config } from "../config.ts";
import type { Log } from "../http/context.ts";
import { type Arrive, createArrive } from "../http/scf/arrival.ts";
import type { RoleKeys } from "../http/scf/role.ts";

/** What the platform adds to requests if this is a function of SCF; empty otherwise. */
export interface Platform {
  readonly arrive?: Arrive;
  /** The latest keys of the function's role. */
  readonly roleCredential?: () => RoleKeys | undefined;
}

/** Prepares for what the settings say of the platform. */
export function platformOf({ server, scf }: Config, log: Log): Platform {
  if (!scf) return {};
  let latest: RoleKeys | undefined;
  const keep = (keys: RoleKeys) => {
    latest = keys;
  };
  const arrive = createArrive({
    log,
    settings: { ...server, ...scf },
    ...(scf.hasRoleHeaders && { onRoleKeys: keep }),
  });
  return { arrive, roleCredential: () => latest };
}
