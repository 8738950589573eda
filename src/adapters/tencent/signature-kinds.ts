/** What a signature stands for, by the name of a flag. */
export const SIGN_TYPES = { company: 0, app: 1, trademark: 4, government: 5 } as const;

export type SignType = keyof typeof SIGN_TYPES;

/** What proves that a signature is one's own. */
export const DOCUMENTS = {
  "three-in-one": 0,
  "business-license": 1,
  "organization-code": 2,
  "credit-code": 3,
  "app-screenshot": 4,
  "trademark-certificate": 7,
} as const;

export type SignDocument = keyof typeof DOCUMENTS;

/** Which documents go with which type (API `AddSmsSign`, version 2021-01-11). */
const TAKEN: Readonly<Record<SignType, readonly SignDocument[]>> = {
  company: ["three-in-one", "business-license"],
  app: ["three-in-one", "business-license", "organization-code", "credit-code", "app-screenshot"],
  trademark: ["trademark-certificate"],
  government: ["organization-code", "credit-code"],
};

/** Names from the tutorial and older documents that the cloud no longer accepts, with today's replacement. */
const DROPPED: Readonly<Record<string, string>> = {
  application: "app is its name, taken for Global SMS only; for Mainland China use company or trademark",
  website: "use company, with the business license of the company that runs the website",
  "official-account": "use company, with the business license of the company that runs the account",
  "mini-program": "use company, with the business license of the company that runs the mini program",
  "website-screenshot": "use business-license",
  "mini-program-screenshot":
    "use business-license; the tutorial's screenshot of WeChat's settings is not taken",
  "official-account-screenshot": "use business-license",
  "business-licence": "write business-license",
};

/** Why a type or document of this name cannot be used; undefined if it can. */
export function droppedName(name: string): string | undefined {
  return DROPPED[name];
}

/** What decides whether a signature can be submitted. */
export interface SignChoice {
  readonly type: SignType;
  readonly document: SignDocument;
  readonly isInternational: boolean;
  /** Somebody else's name, with their authorization. */
  readonly isForOthers: boolean;
  readonly hasCommission: boolean;
  readonly qualificationId?: number;
}

/** What the API would refuse about a submission, in sentences for the operator. Empty if nothing. */
export function signFaults(choice: SignChoice): string[] {
  const { type, document, isInternational, isForOthers, hasCommission, qualificationId } = choice;
  const documents = isInternational ? TAKEN[type] : TAKEN[type].filter((one) => one !== "app-screenshot");
  const faults: (string | false)[] = [
    type === "app" && !isInternational && `type app: ${DROPPED.application}`,
    !documents.includes(document) && `${type} is proven by ${documents.join(" or ")}, not by ${document}`,
    !isInternational &&
      qualificationId === undefined &&
      "for Mainland China it needs the id of an approved qualification (SMS console, qualifications)",
    isForOthers && !hasCommission && "for others it needs their authorization as an image",
  ];
  return faults.filter((fault) => fault !== false);
}

/** Signature review standards: 2 to 12 letters, digits and Chinese characters; for Global SMS 2 to 15 characters. */
export function signNameFaults(name: string, isInternational: boolean): string[] {
  if (/[【】[\]]/u.test(name)) return ["is written without brackets: the cloud puts them around it"];
  const length = [...name].length;
  const [most, pattern, what] = isInternational
    ? [15, /^[\p{Script=Han}A-Za-z0-9 ]+$/u, "letters, digits, spaces and Chinese characters"]
    : [12, /^[\p{Script=Han}A-Za-z0-9]+$/u, "letters, digits and Chinese characters, and no spaces"];
  const isGood = length >= 2 && length <= most && pattern.test(name);
  return isGood ? [] : [`has 2 to ${most} ${what}`];
}
