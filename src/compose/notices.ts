import { createKeyring } from "../adapters/keyring/keyring.ts";
import { createPhoneVault } from "../adapters/keyring/vault.ts";
import type { SqlStores } from "../adapters/sql/stores.ts";
import type { Config } from "../config.ts";
import { createAlerts } from "../core/alerts/alerts.ts";
import { createCircuit } from "../core/delivery/circuit.ts";
import { NOTICE_KINDS } from "../core/delivery/notice-kinds.ts";
import { applyDueChanges } from "../core/life/change-phone.ts";
import { doubtful } from "../core/maintenance/doctor.ts";
import type { Finding } from "../core/maintenance/ports.ts";
import type { Piece } from "../core/maintenance/tick.ts";
import { createNotices } from "../core/notices/notices.ts";
import { UNOBSERVED } from "../core/observer.ts";
import type { Clock, Random } from "../core/ports.ts";
import { createLearned } from "../core/protection/learned.ts";
import type { LimitStore } from "../core/protection/ports.ts";
import { createTakeSend } from "../core/protection/rebuild.ts";
import { createSettlePrice } from "../core/protection/spend.ts";
import type { VerificationStore } from "../core/verification/ports.ts";
import type { Log } from "../http/context.ts";
import { loggingAlerts } from "./alerts.ts";
import type { AccountJobs } from "./maintenance/maintenance.ts";
import { loggedBy } from "./observer.ts";
import { routeOf, sendDeadline } from "./route.ts";
import { coreSettings, originOf } from "./settings.ts";

interface SendingDeps {
  readonly stores: SqlStores;
  readonly limits: LimitStore;
  /** In whatever store `STATE_URL` names. */
  readonly verifications: VerificationStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * The jobs about accounts, for periodic work in a process of its own. Undefined for the console sender, whose inbox is in
 * the server: that does them.
 */
export function accountJobs(
  config: Config,
  { stores, limits, verifications, clock, random, log }: SendingDeps,
): AccountJobs | undefined {
  if (config.senders.includes("console")) return undefined;
  const route = routeOf(config);
  const failed = (error: unknown) => {
    throw error;
  };
  const keyring = createKeyring({ store: stores.keys, secrets: config.secrets, clock, random });
  const settings = coreSettings(config, route, originOf(config));
  const { report, onUnreadable } = loggedBy(log);
  const learned = createLearned(stores.baselines, clock, failed);
  const deps = {
    ...stores,
    limits,
    verifications,
    clock,
    random,
    route,
    learned,
    settings,
    keyring,
    onUnreadable,
  };
  const vault = createPhoneVault({ keyring, random });
  const notices = createNotices({
    ...deps,
    vault,
    takeSend: createTakeSend(deps),
    settlePrice: createSettlePrice(deps),
    circuit: createCircuit(clock),
    alerts: createAlerts({
      ...deps,
      store: stores.alertStore,
      onChange: loggingAlerts(log, UNOBSERVED),
      onError: failed,
    }),
    deadline: sendDeadline,
    report,
    onSent: UNOBSERVED.onSent,
    onNoticeError: failed,
  });
  const withKeys = (job: (now: number) => Promise<Piece>) => async (now: number) => {
    await keyring.ensure();
    return await job(now);
  };
  return {
    phone_changes: withKeys((now) => applyDueChanges({ ...stores, notices, vault }, now)),
    notices: withKeys(notices.sendDue),
  };
}

/** The settings for templates of notices that are not set. A notice without a template is not sent, unless another sender carries every text. */
function missingNoticeTemplates({ senders, tencent }: Config): readonly string[] {
  if (senders.some((name) => name !== "tencent")) return [];
  const kinds = [
    { name: "TENCENT_SMS", texts: tencent.mainland },
    { name: "TENCENT_SMS_INTERNATIONAL", texts: tencent.international },
  ];
  return kinds
    .filter(({ texts }) => texts.template)
    .flatMap(({ name, texts }) =>
      NOTICE_KINDS.filter((kind) => !texts.templates[kind]).map(
        (kind) => `${name}_TEMPLATE_ID_${kind.toUpperCase()}`,
      ),
    );
}

/** Warns at every start of notices that are not sent. */
export function tellMissingNotices(config: Config, log: Log): void {
  const missing = missingNoticeTemplates(config);
  if (missing.length > 0) log.warn({ missing }, `notices without a template are not sent; ${KEPT_NUMBERS}`);
}

const KEPT_NUMBERS = "no account moves to another number if its former one could not be told";

/** What the doctor says of notices that are not sent. */
export function checkNotices(config: Config): Finding[] {
  const missing = missingNoticeTemplates(config);
  if (missing.length === 0) return [];
  const says = `without a template, and so not sent: ${missing.join(", ")} are not set; ${KEPT_NUMBERS}`;
  return [
    doubtful("notices", says, {
      todo: "Run `phonekey tencent setup --notices all`, and set what it prints once that is approved (docs/accounts.md).",
    }),
  ];
}
