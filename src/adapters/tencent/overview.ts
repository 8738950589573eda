import { DAY_MS } from "../../core/time.ts";
import type {
  BodyTemplate,
  ReviewStatus,
  SendStatistics,
  Signature,
  SmsAdmin,
  SmsPackage,
} from "./sms-admin.ts";

/** What an account has, for people to look at. */
export interface Overview {
  readonly signatures: readonly Signature[];
  readonly templates: readonly BodyTemplate[];
  /** Present only with an application's id. Expired packages are left out. */
  readonly packages?: readonly SmsPackage[];
  /** Of the last 30 days, with the same. */
  readonly statistics?: SendStatistics;
}

/** The resources that the settings name: only their review counts. If nothing is named, everything counts. */
export interface Named {
  readonly signatures: readonly string[];
  readonly templateIds: readonly string[];
}

/** One signature or template and how it stands. */
export interface Standing {
  readonly what: "signature" | "template";
  /** A signature's text, a template's name. */
  readonly name: string;
  readonly id?: number;
  /** `missing`: the settings name it, but the account does not have it. */
  readonly status: ReviewStatus | "missing";
  readonly reply?: string;
}

const STATISTICS_DAYS = 30;
/** Packages last a year or two. */
const PACKAGE_DAYS = 3 * 365;

/** @param appId the application's SDKAppID, if it is known */
export async function overviewOf(admin: SmsAdmin, appId: string | undefined, now: number): Promise<Overview> {
  const [signatures, templates] = [await admin.signatures(), await admin.templates()];
  if (appId === undefined) return { signatures, templates };
  const packages = await admin.packages(appId, now - PACKAGE_DAYS * DAY_MS, now);
  const statistics = await admin.statistics(appId, now - STATISTICS_DAYS * DAY_MS, now);
  return { signatures, templates, packages: packages.filter(({ expiresAt }) => expiresAt > now), statistics };
}

/** The status of everything that is named, or simply of everything. */
export function standings(
  { signatures, templates }: Pick<Overview, "signatures" | "templates">,
  named: Named,
): Standing[] {
  const isAll = named.signatures.length === 0 && named.templateIds.length === 0;
  const found = [
    ...(isAll ? signatures : pick(signatures, named.signatures, ({ name }) => name)).map((one) =>
      standing("signature", one),
    ),
    ...(isAll ? templates : pick(templates, named.templateIds, ({ id }) => String(id))).map((one) =>
      standing("template", one),
    ),
  ];
  return found;
}

type Found = { readonly name: string; readonly id?: number } & Pick<Standing, "status" | "reply">;

/** If a name occurs several times, the first counts. If it does not occur, it is missing. */
function pick<T extends Found>(
  all: readonly T[],
  keys: readonly string[],
  keyOf: (one: T) => string,
): Found[] {
  return keys.map((key) => all.find((one) => keyOf(one) === key) ?? { name: key, status: "missing" });
}

function standing(what: Standing["what"], { name, id, status, reply }: Found): Standing {
  return { what, name, status, ...(id !== undefined && { id }), ...(reply && { reply }) };
}
