import type { AdminAccount } from "./admin-account.ts";
import { type CloudAction, type CloudCall, CloudError, type CloudProduct, checkParameters } from "./call.ts";
import { SMS } from "./sms.ts";

const MOST_SIGNATURES = 100;
const MOST_TEMPLATES = 200;

/** The actions by which signatures and templates are set up and looked after, as strict as they are documented. */
export function smsAdmin(account: AdminAccount): CloudProduct {
  let lastId = 110_000 + account.signatures.length + account.templates.length;
  const nextId = () => {
    lastId += 1;
    return lastId;
  };
  return {
    ...SMS,
    actions: {
      AddSmsSign: whenEnterprise(account, (call) => addSign(account, call, nextId())),
      ModifySmsSign: whenEnterprise(account, (call) => modifySign(account, call)),
      DescribeSmsSignList: whenEnterprise(account, (call) => describeSigns(account, call)),
      AddSmsTemplate: whenEnterprise(account, (call) => addTemplate(account, call, nextId())),
      ModifySmsTemplate: whenEnterprise(account, (call) => modifyTemplate(account, call)),
      DescribeSmsTemplateList: whenEnterprise(account, (call) => describeTemplates(account, call)),
      SmsPackagesStatistics: (call) => packages(account, call),
      SendStatusStatistics: (call) => statistics(account, call),
    },
  };
}

/** Individuals have signatures and templates in the console only. */
function whenEnterprise(account: AdminAccount, action: CloudAction): CloudAction {
  return (call) => {
    if (!account.isEnterprise) throw new CloudError("FailedOperation.NotEnterpriseCertification");
    return action(call);
  };
}

const SIGN_RULES = {
  SignName: "string!",
  SignType: "integer!",
  DocumentType: "integer!",
  International: "integer!",
  SignPurpose: "integer!",
  ProofImage: "string!",
  CommissionImage: "string",
  Remark: "string",
  QualificationId: "integer",
} as const;

/** Which documents a type of signature takes; those that were dropped are not among them. */
const DOCUMENTS_OF: Readonly<Record<number, readonly number[]>> = {
  0: [0, 1],
  1: [0, 1, 2, 3, 4],
  4: [7],
  5: [2, 3],
};

interface SignParameters {
  readonly SignName: string;
  readonly SignType: number;
  readonly DocumentType: number;
  readonly International: number;
  readonly SignPurpose: number;
  readonly ProofImage: string;
  readonly CommissionImage?: string;
  readonly QualificationId?: number;
}

function checkSign(account: AdminAccount, sign: SignParameters): void {
  const { SignName, SignType, DocumentType, International, SignPurpose, QualificationId } = sign;
  if (![0, 1].includes(International)) throw new CloudError("InvalidParameterValue.InvalidInternational");
  if (![0, 1].includes(SignPurpose)) throw new CloudError("InvalidParameterValue.InvalidSignPurpose");
  if ([...SignName].length > (International ? 15 : 12)) {
    throw new CloudError("InvalidParameterValue.SignNameLengthTooLong");
  }
  const documents = DOCUMENTS_OF[SignType] ?? [];
  const isDropped = International === 0 && (SignType === 1 || DocumentType === 4);
  if (!documents.includes(DocumentType) || isDropped) {
    throw new CloudError("InvalidParameterValue.InvalidDocumentType");
  }
  checkImage(sign.ProofImage);
  if (SignPurpose === 1) checkImage(sign.CommissionImage ?? "");
  if (International === 0 && !account.qualifications.includes(QualificationId ?? 0)) {
    throw new CloudError("InvalidParameter.InvalidParameters", "QualificationId is not approved.");
  }
}

/** Base64 of a JPG or PNG, without `data:image/…;base64,` in front. */
function checkImage(text: string): void {
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0;
  const bytes = Buffer.from(text, "base64");
  const isImage =
    bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])) || bytes.toString("latin1", 1, 4) === "PNG";
  if (!isBase64 || !isImage) throw new CloudError("InvalidParameterValue.ImageInvalid");
}

function addSign(account: AdminAccount, call: CloudCall, id: number): object {
  checkParameters(call, SIGN_RULES);
  const sign = call.parameters as unknown as SignParameters;
  checkSign(account, sign);
  const same = account.signatures.find(
    ({ SignName, International }) => SignName === sign.SignName && International === sign.International,
  );
  if (same?.StatusCode === -1) throw new CloudError("InvalidParameterValue.SignExistAndUnapproved");
  if (same) throw new CloudError("InvalidParameterValue.SignAlreadyPassedCheck");
  if (account.signatures.length >= MOST_SIGNATURES) throw new CloudError("FailedOperation.SignNumberLimit");
  account.signatures.push({
    SignId: id,
    International: sign.International,
    SignName: sign.SignName,
    QualificationId: sign.QualificationId ?? 0,
    QualificationStatusCode: 1,
    StatusCode: 1,
    ReviewReply: "",
    CreateTime: Math.floor(call.now / 1000),
  });
  return { AddSignStatus: { SignId: id } };
}

function modifySign(account: AdminAccount, call: CloudCall): object {
  checkParameters(call, { ...SIGN_RULES, SignId: "integer!" });
  const sign = account.signatures.find(({ SignId }) => SignId === call.parameters.SignId);
  if (!sign) throw new CloudError("FailedOperation.MissingSignatureToModify");
  if (sign.StatusCode !== -1) throw new CloudError("InvalidParameterValue.SignAlreadyPassedCheck");
  checkSign(account, call.parameters as unknown as SignParameters);
  Object.assign(sign, { StatusCode: 1, ReviewReply: "" });
  return { ModifySignStatus: { SignId: sign.SignId } };
}

const TEMPLATE_RULES = {
  TemplateName: "string!",
  TemplateContent: "string!",
  SmsType: "integer!",
  International: "integer!",
  Remark: "string!",
} as const;

interface TemplateParameters {
  readonly TemplateName: string;
  readonly TemplateContent: string;
  readonly SmsType: number;
  readonly International: number;
}

function checkTemplate({ TemplateContent, SmsType, International }: TemplateParameters): void {
  if (![0, 1].includes(International)) throw new CloudError("InvalidParameterValue.InvalidInternational");
  if (![1, 2, 3].includes(SmsType)) throw new CloudError("InvalidParameterValue.InvalidUsedMethod");
  const numbers = [...TemplateContent.matchAll(/\{(.*?)\}/g)].map(([, number]) => number);
  const isCounted = numbers.every((number, at) => number === String(at + 1));
  const hasWords = TemplateContent.replace(/\{\d\}|\s/g, "") !== "";
  if (!isCounted || !hasWords || /\}\{|[【】★]/.test(TemplateContent)) {
    throw new CloudError("InvalidParameterValue.InvalidTemplateFormat");
  }
  if (/贷款|casino/i.test(TemplateContent)) {
    throw new CloudError("InvalidParameterValue.TemplateWithDirtyWords");
  }
}

function addTemplate(account: AdminAccount, call: CloudCall, id: number): object {
  checkParameters(call, TEMPLATE_RULES);
  const template = call.parameters as unknown as TemplateParameters;
  checkTemplate(template);
  if (account.templates.length >= MOST_TEMPLATES) throw new CloudError("FailedOperation.TemplateNumberLimit");
  account.templates.push({
    TemplateId: id,
    International: template.International,
    TemplateName: template.TemplateName,
    TemplateContent: template.TemplateContent,
    SmsType: template.SmsType,
    StatusCode: 1,
    ReviewReply: "",
    CreateTime: Math.floor(call.now / 1000),
  });
  return { AddTemplateStatus: { TemplateId: String(id) } };
}

function modifyTemplate(account: AdminAccount, call: CloudCall): object {
  checkParameters(call, { ...TEMPLATE_RULES, TemplateId: "integer!" });
  const template = account.templates.find(({ TemplateId }) => TemplateId === call.parameters.TemplateId);
  if (!template) throw new CloudError("FailedOperation.MissingTemplateToModify");
  if (template.StatusCode === 0) throw new CloudError("FailedOperation.TemplateAlreadyPassedCheck");
  checkTemplate(call.parameters as unknown as TemplateParameters);
  Object.assign(template, { StatusCode: 1, ReviewReply: "" });
  return { ModifyTemplateStatus: { TemplateId: template.TemplateId } };
}

interface Listing {
  readonly International: number;
  readonly Limit?: number;
  readonly Offset?: number;
}

/** 3 is good for both kinds. */
function select<T extends { International: number }>(
  all: readonly T[],
  { International, Offset = 0, ...listing }: Listing,
  defaultLimit: number,
  ids: readonly number[],
  idOf: (one: T) => number,
): T[] {
  const { Limit = defaultLimit } = listing;
  if (Limit > 100 || Limit < 0) throw new CloudError("InvalidParameterValue.LimitVerifyFail");
  if (Offset < 0) throw new CloudError("InvalidParameterValue.OffsetVerifyFail");
  const mine = all.filter((one) => one.International === International || one.International === 3);
  if (ids.length > 0) return mine.filter((one) => ids.includes(idOf(one)));
  return mine.slice(Offset, Offset + Limit);
}

function describeSigns(account: AdminAccount, call: CloudCall): object {
  const rules = {
    International: "integer!",
    SignIdSet: "integers",
    Limit: "integer",
    Offset: "integer",
  } as const;
  checkParameters(call, rules);
  const listing = call.parameters as unknown as Listing & { SignIdSet?: number[] };
  const rows = select(account.signatures, listing, 10, listing.SignIdSet ?? [], ({ SignId }) => SignId);
  return { DescribeSignListStatusSet: rows };
}

/** Without a `Limit` it lists nothing: its default is 0. */
function describeTemplates(account: AdminAccount, call: CloudCall): object {
  checkParameters(call, {
    International: "integer!",
    TemplateIdSet: "integers",
    Limit: "integer",
    Offset: "integer",
  });
  const listing = call.parameters as unknown as Listing & { TemplateIdSet?: number[] };
  const ids = listing.TemplateIdSet ?? [];
  return {
    DescribeTemplateStatusSet: select(account.templates, listing, 0, ids, ({ TemplateId }) => TemplateId),
  };
}

const SPAN_RULES = {
  SmsSdkAppId: "string!",
  BeginTime: "string!",
  EndTime: "string!",
  Limit: "integer!",
  Offset: "integer!",
} as const;

/** Hours are those of the cloud's clock, +08:00. */
function checkSpan(account: AdminAccount, call: CloudCall): void {
  checkParameters(call, SPAN_RULES);
  const { SmsSdkAppId, BeginTime, EndTime } = call.parameters as Record<string, string>;
  if (SmsSdkAppId !== account.appId) throw new CloudError("InvalidParameterValue.SdkAppIdNotExist");
  if (!/^\d{10}$/.test(BeginTime ?? "")) throw new CloudError("InvalidParameterValue.BeginTimeVerifyFail");
  const thisHour = new Date(call.now + 8 * 3_600_000).toISOString().replace(/\D/g, "").slice(0, 10);
  const isSpan = /^\d{10}$/.test(EndTime ?? "") && String(EndTime) >= String(BeginTime);
  if (!isSpan || String(EndTime) > thisHour) throw new CloudError("InvalidParameterValue.EndTimeVerifyFail");
}

function packages(account: AdminAccount, call: CloudCall): object {
  checkSpan(account, call);
  if (call.parameters.BeginTime === call.parameters.EndTime) {
    throw new CloudError("InvalidParameterValue.EndTimeVerifyFail");
  }
  return { SmsPackagesStatisticsSet: account.packages };
}

function statistics(account: AdminAccount, call: CloudCall): object {
  checkSpan(account, call);
  if (call.parameters.Limit !== 0) throw new CloudError("InvalidParameterValue.LimitVerifyFail");
  return { SendStatusStatistics: account.statistics };
}
