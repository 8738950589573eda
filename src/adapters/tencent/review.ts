/**
 * The rules by which Tencent Cloud reviews body templates of verification codes and notices, as far as a machine can
 * tell: "Body Template Review Standards" (cloud.tencent.com/document/product/382/39023 of June 2025, and for Global SMS
 * tencentcloud.com/document/product/382/40659 of August 2025). A person may still refuse a text that passes here.
 */
export interface Reviewed {
  readonly text: string;
  readonly isInternational: boolean;
  /** Whether it tells of something, and has no code. */
  readonly isNotice?: boolean;
  /** How many parameters the sender passes. */
  readonly parameterCount: number;
  /** Counts into the length of the message. */
  readonly signName: string;
}

/** The whole message, with its signature and the values of its variables. */
const MOST_CHARACTERS = 500;
/** In a verification template a value has six digits at most. */
const MOST_IN_VARIABLE = 6;

const PATTERNS: readonly (readonly [pattern: RegExp, fault: string])[] = [
  [/[【】]/u, "it has 【 or 】, which only the signature may have"],
  [/[¥￥★☆☞✓√※^]|\p{Extended_Pictographic}/u, "it has a special symbol that phones show garbled"],
  [/[\p{Cc}\p{Cf}]/u, "it has a line break or an invisible character"],
  [/\d{5,}/u, "it has a long number, which is taken for a phone number of somebody to contact"],
  [/\}\s*\{/u, "two of its variables stand side by side: words must be between them"],
  [
    /贷款|催款|理财|投资|股票|彩票|中奖|抽奖|返利|返现|信用卡|保险|赌博|加群|微信|QQ|优惠券|积分|移民|招聘|募捐|众筹|转账|支付|付款|loan|lottery|casino|investment|stock|coupon|credit card|payment|transfer/iu,
    "it speaks of something that is refused, such as money, prizes or groups to join",
  ],
];

const LINK = /https?:|www\.|[a-z0-9]\.(com|cn|net|org|io|top|xyz|cc|me)\b/iu;

/** What the review would refuse, in sentences that follow the name of the template. Empty if nothing. */
export function reviewFaults(reviewed: Reviewed): string[] {
  const tooLong = lengthFaults(reviewed);
  if (tooLong.length > 0) return tooLong;
  const { text, isInternational, isNotice = false } = reviewed;
  const matched = PATTERNS.filter(([pattern]) => pattern.test(text)).map(([, fault]) => fault);
  const hasLink = !isNotice && LINK.test(text);
  const lacksCode = isInternational && !isNotice && !/\bcode\b/i.test(text);
  return [
    ...matched,
    ...(hasLink ? ["it has a link, which verification codes may not have"] : []),
    ...variableFaults(reviewed),
    ...(lacksCode ? ["for Global SMS it must have the word code"] : []),
  ];
}

const MALFORMED_VARIABLE = /\{(?!\d+\})|\{0\d*\}/;

function variableFaults({ text, parameterCount }: Reviewed): string[] {
  if (MALFORMED_VARIABLE.test(text)) return ["its variables are not all written {1}, {2} and so on"];
  const numbers = [...text.matchAll(/\{(\d+)\}/g)].map(([, number]) => Number(number)).sort((a, b) => a - b);
  if (!numbers.every((number, at) => number === at + 1)) {
    return ["its variables must count up from {1}, each once"];
  }
  const words = text.replace(/\{\d+\}/g, "").replace(/[\p{P}\p{S}\s]/gu, "");
  if (words.length < 2) return ["it has nothing but variables"];
  if (numbers.length === parameterCount) return [];
  const count = numbers.length === 1 ? "1 variable" : `${numbers.length} variables`;
  return [`it has ${count} and the sender passes ${parameterCount}: the cloud would refuse every message`];
}

function lengthFaults({ text, signName }: Reviewed): string[] {
  const fixed = [...text.replace(/\{\d+\}/g, "")].length;
  const variables = [...text.matchAll(/\{\d+\}/g)].length * MOST_IN_VARIABLE;
  const brackets = 2;
  const total = fixed + variables + [...signName].length + brackets;
  return total > MOST_CHARACTERS ? [`it makes ${total} characters of at most ${MOST_CHARACTERS}`] : [];
}
