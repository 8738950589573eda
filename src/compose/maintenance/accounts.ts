import type { SqlStores } from "../../adapters/sql/stores.ts";
import type { Config } from "../../config.ts";
import { createCircuit } from "../../core/delivery/circuit.ts";
import type { Keyring } from "../../core/keys.ts";
import { applyDueChanges } from "../../core/life/change-phone.ts";
import { createNotices, type Notices } from "../../core/notices/notices.ts";
import { UNOBSERVED } from "../../core/observer.ts";
import type { Clock, Random } from "../../core/ports.ts";
import { createSettlePrice } from "../../core/protection/budgets/settle.ts";
import { createLearned } from "../../core/protection/guard/learned.ts";
import type { LimitStore } from "../../core/protection/limits/ports.ts";
import { createTakeSend } from "../../core/protection/rebuild.ts";
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
  const settings = coreSettings(config, route, originOf(config));
  const { report, onUnreadable } = loggedBy(log);
  const learned = createLearned(stores.baselines, clock, rethrow);
  const sending = { limits, verifications, clock, random, route, learned, settings, keyring, onUnreadable };
  const deps = { ...stores, ...sending };
  return createNotices({
    ...deps,
    vault,
    takeSend: createTakeSend(deps),
    settlePrice: createSettlePrice(deps),
    circuit: createCircuit(clock),
    alerts: alertsOf({ store: stores.alertStore, clock, random }, log, UNOBSERVED, rethrow),
    deadline: sendDeadline,
    report,
    onSent: UNOBSERVED.onSent,
    onNoticeError: rethrow,
  });
}

function rethrow(error: unknown): never {
  throw error;
}
