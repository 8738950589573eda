import { createWebhook, reachWebhook } from "../adapters/webhook/post.ts";
import type { Config } from "../config.ts";
import { type AlertsDeps, createAlerts } from "../core/alerts/alerts.ts";
import type { AlertStore, Alerts } from "../core/alerts/ports.ts";
import { tellAlerts } from "../core/alerts/tell.ts";
import { fine } from "../core/maintenance/doctor.ts";
import type { Finding } from "../core/maintenance/ports.ts";
import type { Piece } from "../core/maintenance/tick.ts";
import type { Observer } from "../core/observer.ts";
import type { Clock } from "../core/ports.ts";
import type { Log } from "../http/context.ts";

/**
 * Alerts that are stored in the database, written to the log and counted.
 *
 * @param onError told if one cannot be stored. A request goes on in that case; a job may fail
 */
export function alertsOf(
  deps: Pick<AlertsDeps, "store" | "clock" | "random">,
  log: Pick<Log, "error">,
  { onAlert }: Pick<Observer, "onAlert">,
  onError: AlertsDeps["onError"] = (err) => log.error({ err }, "an alert could not be kept"),
): Alerts {
  return createAlerts({
    ...deps,
    onChange(what, alert) {
      onAlert(alert.kind, what);
      log.error({ alert, what }, `an alert was ${what}`);
    },
    onError,
  });
}

/** The job that posts alerts to `ALERT_WEBHOOK`; undefined if that is not set. */
export function alertsJob(
  { alerts: webhook }: Pick<Config, "alerts">,
  store: AlertStore,
  clock: Clock,
): (() => Promise<Piece>) | undefined {
  return webhook && (() => tellAlerts({ store, clock, post: createWebhook(webhook, clock) }));
}

/** Checks that `ALERT_WEBHOOK` answers. Rejects if it does not. */
export async function checkWebhook({ alerts: webhook }: Pick<Config, "alerts">): Promise<readonly Finding[]> {
  if (!webhook) return [fine("alerts", "are only in the log")];
  await reachWebhook(webhook, "ALERT_WEBHOOK");
  return [fine("alerts", "the address in ALERT_WEBHOOK answers")];
}
