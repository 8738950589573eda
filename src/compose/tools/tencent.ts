import { setTimeout as wait } from "node:timers/promises";
import { systemClock } from "../../adapters/system/clock.ts";
import { createSmsClient } from "../../adapters/tencent/client.ts";
import { TencentError } from "../../adapters/tencent/errors.ts";
import { type Overview, overviewOf, type Standing, standings } from "../../adapters/tencent/overview.ts";
import {
  carryOut,
  nameFaults,
  planSetup,
  type Step,
  submissionFaults,
  textFaults,
  type Wanted,
} from "../../adapters/tencent/plan.ts";
import { createSmsAdmin, type SmsAdmin } from "../../adapters/tencent/sms-admin.ts";
import type { Config } from "../../config.ts";
import { tencentAccess } from "../route.ts";

export {
  DOCUMENTS,
  droppedName,
  SIGN_TYPES,
  type SignDocument,
  type SignType,
} from "../../adapters/tencent/signature-kinds.ts";
export {
  defaultTemplate,
  TEMPLATE_PURPOSES,
  type TemplatePurpose,
  type TemplateUse,
} from "../../adapters/tencent/templates.ts";
export type { Overview, Standing, Step, Wanted };
export { nameFaults, submissionFaults, textFaults };

/** The tools of `phonekey tencent`. Every method but `carryOut` only reads. */
export interface TencentTools {
  plan(wanted: Wanted): Promise<readonly Step[]>;
  carryOut(wanted: Wanted, steps: readonly Step[], onDone: (step: Step) => void): Promise<void>;
  overview(): Promise<Overview>;
  /** The status of everything that the settings name, or of everything if they name nothing. */
  standings(overview: Overview): readonly Standing[];
}

/**
 * The two kinds of messages, with signatures, templates and settings of their own: to mainland China, and to other
 * numbers.
 */
export type TencentKind = "mainland" | "international";

/** The part of the SMS API that sets up and maintains signatures and templates, for one kind of messages. */
export function tencentTools(tencent: Config["tencent"], kind: TencentKind): TencentTools {
  const admin = smsAdmin(tencent, kind);
  const { signature, template, templates, transactions } = tencent[kind];
  const named: readonly { readonly id: string; readonly signature?: string }[] = [
    ...(template ? [template] : []),
    ...Object.values(templates),
    ...transactions,
  ];
  const signatures = [signature, ...named.map((one) => one.signature)].filter((one) => one !== undefined);
  const names = {
    signatures: [...new Set(signatures)],
    templateIds: [...new Set(named.map(({ id }) => id))],
  };
  return {
    plan: (wanted) => planSetup(admin, wanted),
    carryOut: (wanted, steps, onDone) => carryOut(admin, wanted, steps, onDone),
    overview: () => overviewOf(admin, tencent.sdkAppId, systemClock.now()),
    standings: (overview) => standings(overview, names),
  };
}

/** What reads and submits signatures and templates, for one kind of messages. */
export function smsAdmin(tencent: Config["tencent"], kind: TencentKind): SmsAdmin {
  const client = createSmsClient(tencentAccess(tencent));
  return createSmsAdmin({ client, isInternational: kind === "international", wait });
}

/** Whether a call may succeed if it is simply repeated later. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof TencentError)) return false;
  return error.code === undefined || /^(InternalError|RequestLimitExceeded)/.test(error.code);
}
