import type { Config } from "../config.ts";
import type { SmsSender } from "../core/delivery/ports.ts";
import type { PhonekeyDeps } from "../core/phonekey.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../core/time.ts";
import type { HttpSettings } from "../http/context.ts";
import { NOWHERE } from "../http/scf/own-host.ts";
import { protectionSettings } from "./protection.ts";

/**
 * The origin under which people reach this server; `NOWHERE` for a function of SCF that learns it only from requests.
 */
export function originOf({ server, scf }: Config): string {
  return server.publicUrl ?? (scf ? NOWHERE : `http://localhost:${server.port}`);
}

/**
 * The settings as the core takes them.
 *
 * @param origin where people reach this server
 */
export function coreSettings(
  config: Config,
  route: readonly SmsSender[],
  origin: string,
): PhonekeyDeps["settings"] {
  const { verification, session, phone, pages, life } = config;
  return {
    phones: phone,
    ...protectionSettings(config, route),
    codeLengths: {
      usual: verification.codeLength,
      most: Math.min(...route.map((sender) => sender.maxCodeLength)),
    },
    codeTtlMs: verification.ttlSeconds * 1000,
    codeAttempts: verification.attempts,
    testNumbers: config.testNumbers,
    brandName: pages.brandName,
    host: new URL(origin).hostname,
    ...(origin !== NOWHERE && { origin }),
    recycled: { unusedMs: life.numberUnusedDays * DAY_MS, sparesProtected: life.sparesProtected },
    phoneChangeMs: life.phoneChangeHours * HOUR_MS,
    signUp: config.accounts.signUp,
    session: {
      accessTokenMs: session.accessTokenMinutes * MINUTE_MS,
      sessionMs: session.sessionDays * DAY_MS,
      idleMs: session.idleDays * DAY_MS,
    },
  };
}

/** The settings as the doors take them. */
export function httpSettings(config: Config, version: string): HttpSettings {
  const { server, pages, accounts, functions, phone, tencent, scf, metrics } = config;
  const { token: metricsToken } = metrics;
  return {
    ...server,
    ...pages,
    phones: phone,
    signUp: accounts.signUp,
    functions,
    callbackSecrets: tencent.callbackSecrets,
    version,
    ...(scf && { scf }),
    ...(metricsToken && { metricsToken }),
  };
}
