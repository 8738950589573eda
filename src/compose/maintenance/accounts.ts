import type { SqlStores } from "../../adapters/sql/stores.ts";
import type { Config } from "../../config.ts";
import type { Keyring } from "../../core/keys.ts";
import { applyDueChanges } from "../../core/life/change-phone.ts";
import { createNotices, type Notices } from "../../core/notices/notices.ts";
import { UNOBSERVED } from "../../core/observer.ts";
import type { Clock, Random } from "../../core/ports.ts";
import { createLearned } from "../../core/protection/guard/learned.ts";
import type { LimitStore } from "../../core/protection/limits/ports.ts";
import { withSending } from "../../core/sending.ts";
import type { PhoneVault, TextVault } from "../../core/vault.ts";
import type { VerificationStore } from "../../core/verification/ports.ts";
import type { Log } from "../../http/context.ts";
import { alertsOf } from "../alerts.ts";
import { loggedBy } from "../observer.ts";
import { isConsole, routeOf, sendDeadline } from "../route.ts";
import { coreSettings, originOf } from "../settings.ts";
import { jobKeys } from "./keys.ts";
import type { AccountJobs } from "./maintenance.ts";

interface AccountJobsDeps {
  readonly config: Config;
  readonly stores: SqlStores;
  readonly limits: LimitStore;
  /** In whatever store `STATE_URL` names. */
  readonly verifications: VerificationStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * The jobs about accounts, for periodic work in a process of its own. Undefined for the console sender: its inbox is in
 * the server, which does these jobs itself.
 */
export function accountJobs(deps: AccountJobsDeps): AccountJobs | undefined {
  if (isConsole(deps.config)) return undefined;
  const { keyring, vault, withKeys } = jobKeys(deps);
  const notices = noticesOf(deps, { keyring, vault });
  return {
    phone_changes: withKeys((now, isOver) =>
      applyDueChanges({ ...deps.stores, notices, vault }, now, isOver),
    ),
    notices: withKeys(notices.sendDue),
  };
}

interface Keys {
  readonly keyring: Keyring;
  readonly vault: PhoneVault & TextVault;
}

/** Notices as the server sends them, except that a failure is a failure of the job. */
function noticesOf(
  { config, stores, limits, verifications, clock, random, log }: AccountJobsDeps,
  { keyring, vault }: Keys,
): Notices {
  const route = routeOf(config);
  const outside = {
    settings: coreSettings(config, route, originOf(config)),
    clock,
    random,
    ...stores,
    verifications,
    limits,
    keyring,
    vault,
    route,
    deadline: sendDeadline,
    learned: createLearned(stores.baselines, clock, rethrow),
    alerts: alertsOf({ store: stores.alertStore, clock, random }, log, UNOBSERVED, rethrow),
    ...UNOBSERVED,
    ...loggedBy(log),
    onNoticeError: rethrow,
  };
  return createNotices(withSending(outside));
}

function rethrow(error: unknown): never {
  throw error;
}
