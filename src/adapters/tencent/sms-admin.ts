import type { TencentClient } from "./client.ts";
import { TencentError } from "./errors.ts";
import { CHINA_OFFSET_MS } from "./midnight.ts";
import { DOCUMENTS, SIGN_TYPES, type SignDocument, type SignType } from "./signature-kinds.ts";

/**
 * The state of a review. Only `approved` can be used: a `pending` signature has passed, but the carriers do not know it
 * yet.
 */
export type ReviewStatus = "approved" | "pending" | "in_review" | "rejected";

interface Reviewed {
  readonly id: number;
  readonly status: ReviewStatus;
  /** The reviewer's own words; usually present after a rejection. */
  readonly reply: string;
}

export interface Signature extends Reviewed {
  readonly name: string;
  readonly qualification: "none" | "approved" | "in_review" | "rejected";
}

export interface BodyTemplate extends Reviewed {
  readonly name: string;
  readonly text: string;
}

export interface SignRequest {
  readonly name: string;
  readonly type: SignType;
  readonly document: SignDocument;
  readonly isForOthers: boolean;
  /** Base64, without `data:` in front. */
  readonly proofImage: string;
  readonly commissionImage?: string;
  readonly qualificationId?: number;
  readonly remark: string;
}

export interface TemplateRequest {
  readonly name: string;
  readonly text: string;
  readonly remark: string;
  /** Whether it tells of something, and has no code. */
  readonly isNotice: boolean;
}

export interface SmsPackage {
  readonly id: number;
  readonly amount: number;
  readonly used: number;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export interface SendStatistics {
  readonly requested: number;
  readonly accepted: number;
  /** The number that is billed: long messages count several times. */
  readonly charged: number;
}

/** The part of the SMS API for setup and maintenance. Every method rejects with `TencentError`. */
export interface SmsAdmin {
  signatures(): Promise<readonly Signature[]>;
  templates(): Promise<readonly BodyTemplate[]>;
  /** Resolves with the new signature's id. The cloud refuses a name that exists already. */
  addSignature(request: SignRequest): Promise<number>;
  /** Submits a rejected one again. */
  resubmitSignature(id: number, request: SignRequest): Promise<void>;
  /** Resolves with the new template's id. The cloud accepts the same text twice, so look first. */
  addTemplate(request: TemplateRequest): Promise<number>;
  resubmitTemplate(id: number, request: TemplateRequest): Promise<void>;
  /** Packages that were bought between two instants (epoch milliseconds). */
  packages(appId: string, from: number, to: number): Promise<readonly SmsPackage[]>;
  statistics(appId: string, from: number, to: number): Promise<SendStatistics>;
}

export interface SmsAdminDeps {
  readonly client: TencentClient;
  /** Signatures and templates for Global SMS are kept apart from those for Mainland China. */
  readonly isInternational: boolean;
  /** Resolves after so many milliseconds. */
  readonly wait: (ms: number) => Promise<unknown>;
}

const PAGE = 100;
const CALL_MS = 15_000;
/**
 * A refusal for too many requests has changed nothing, so the call is made again. One signature may be added per
 * second.
 */
const HASTE = /^RequestLimitExceeded/;
const HASTE_WAIT_MS = 1_100;
const MOST_TRIES = 4;
/** The API's codes for a list request by an account that has nothing to list. */
const NOTHING_THERE = /^FailedOperation\.Missing(Signature|Template)List$/;
const TEMPLATE_KINDS = { notice: 2, verification: 3 } as const;

export function createSmsAdmin({ client, isInternational, wait }: SmsAdminDeps): SmsAdmin {
  const International = isInternational ? 1 : 0;
  const call = async (action: string, parameters: object, tries = MOST_TRIES): Promise<Answer> => {
    try {
      return objectOf(await client.call(action, parameters, AbortSignal.timeout(CALL_MS)));
    } catch (error) {
      if (!(error instanceof TencentError && HASTE.test(error.code ?? "") && tries > 1)) throw error;
      await wait(HASTE_WAIT_MS);
      return await call(action, parameters, tries - 1);
    }
  };
  const page = async (action: string, list: string, Offset = 0): Promise<readonly Answer[]> => {
    const answer = await call(action, { International, Limit: PAGE, Offset }).catch(emptyWhereNothing);
    const rows = listOf(answer[list]);
    return rows.length < PAGE ? rows : [...rows, ...(await page(action, list, Offset + PAGE))];
  };
  const signParameters = (request: SignRequest) => ({ International, ...signatureParameters(request) });
  const templateParameters = ({ name, text, remark, isNotice }: TemplateRequest) => ({
    International,
    TemplateName: name,
    TemplateContent: text,
    SmsType: TEMPLATE_KINDS[isNotice ? "notice" : "verification"],
    Remark: remark,
  });
  return {
    signatures: async () => (await page("DescribeSmsSignList", "DescribeSignListStatusSet")).map(signatureOf),
    templates: async () =>
      (await page("DescribeSmsTemplateList", "DescribeTemplateStatusSet")).map(templateOf),
    addSignature: async (request) =>
      numberOf(objectOf((await call("AddSmsSign", signParameters(request))).AddSignStatus).SignId),
    resubmitSignature: async (SignId, request) =>
      void (await call("ModifySmsSign", { SignId, ...signParameters(request) })),
    addTemplate: async (request) =>
      numberOf(
        objectOf((await call("AddSmsTemplate", templateParameters(request))).AddTemplateStatus).TemplateId,
      ),
    resubmitTemplate: async (TemplateId, request) =>
      void (await call("ModifySmsTemplate", { TemplateId, ...templateParameters(request) })),
    packages: async (appId, from, to) => {
      const answer = await call("SmsPackagesStatistics", {
        ...spanOf(appId, from, to),
        Limit: 500,
        Offset: 0,
      });
      return listOf(answer.SmsPackagesStatisticsSet).map(packageOf);
    },
    statistics: async (appId, from, to) => {
      const answer = await call("SendStatusStatistics", { ...spanOf(appId, from, to), Limit: 0, Offset: 0 });
      return statisticsOf(objectOf(answer.SendStatusStatistics));
    },
  };
}

function emptyWhereNothing(error: unknown): Answer {
  if (error instanceof TencentError && NOTHING_THERE.test(error.code ?? "")) return {};
  throw error;
}

function signatureParameters(request: SignRequest): object {
  return {
    SignName: request.name,
    SignType: SIGN_TYPES[request.type],
    DocumentType: DOCUMENTS[request.document],
    SignPurpose: request.isForOthers ? 1 : 0,
    ProofImage: request.proofImage,
    Remark: request.remark,
    ...(request.commissionImage !== undefined && { CommissionImage: request.commissionImage }),
    ...(request.qualificationId !== undefined && { QualificationId: request.qualificationId }),
  };
}

type Answer = Readonly<Record<string, unknown>>;

const STATUSES: Readonly<Record<string, ReviewStatus>> = {
  0: "approved",
  1: "in_review",
  2: "pending",
  "-1": "rejected",
};

/** 0 waits, 3 waits for more papers, 4 waits after a change; 5 is a change that was refused. */
const QUALIFICATIONS: Readonly<Record<string, Signature["qualification"]>> = {
  0: "in_review",
  1: "approved",
  2: "rejected",
  3: "in_review",
  4: "in_review",
  5: "rejected",
};

function signatureOf(row: Answer): Signature {
  const isBound = numberOf(row.QualificationId) > 0;
  const qualification = isBound ? QUALIFICATIONS[String(row.QualificationStatusCode)] : undefined;
  return {
    id: numberOf(row.SignId),
    name: textOf(row.SignName),
    qualification: qualification ?? "none",
    ...reviewOf(row),
  };
}

function templateOf(row: Answer): BodyTemplate {
  return {
    id: numberOf(row.TemplateId),
    name: textOf(row.TemplateName),
    text: textOf(row.TemplateContent),
    ...reviewOf(row),
  };
}

/** A status that we do not know cannot be used. */
function reviewOf({ StatusCode, ReviewReply }: Answer): Pick<Reviewed, "status" | "reply"> {
  return { status: STATUSES[String(StatusCode)] ?? "in_review", reply: textOf(ReviewReply) };
}

function packageOf(row: Answer): SmsPackage {
  return {
    id: numberOf(row.PackageId),
    amount: numberOf(row.PackageAmount),
    used: numberOf(row.CurrentUsage),
    expiresAt: numberOf(row.PackageExpiredTime) * 1000,
  };
}

function statisticsOf({ RequestCount, RequestSuccessCount, FeeCount }: Answer): SendStatistics {
  return {
    requested: numberOf(RequestCount),
    accepted: numberOf(RequestSuccessCount),
    charged: numberOf(FeeCount),
  };
}

function spanOf(SmsSdkAppId: string, from: number, to: number): object {
  return { SmsSdkAppId, BeginTime: hourOf(from), EndTime: hourOf(to) };
}

/** `yyyymmddhh`, on the cloud's clock. */
function hourOf(at: number): string {
  return new Date(at + CHINA_OFFSET_MS).toISOString().replace(/\D/g, "").slice(0, 10);
}

function objectOf(value: unknown): Answer {
  return typeof value === "object" && value !== null ? (value as Answer) : {};
}

function listOf(value: unknown): readonly Answer[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

/** Ids come as numbers and as texts. */
function numberOf(value: unknown): number {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : 0;
}

/** Nothing in it can move a terminal's cursor. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value.replace(/[\p{Cc}\p{Cf}]/gu, " ").trim() : "";
}
