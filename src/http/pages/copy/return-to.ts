import type { Locale } from "../../../core/locale.ts";

/**
 * What is wrong with an app's request, for its developer. Follows a sentence directly; in a language that separates
 * sentences by a space it begins with one.
 */
export interface ReturnToCopy {
  readonly origin: string;
  readonly address: string;
  readonly challenge: string;
  readonly state: string;
}

/** An app that asks for a sign-in in a wrong way. */
export const RETURN_TO_COPY: Readonly<Record<Locale, ReturnToCopy>> = {
  en: {
    origin: " RETURN_TO has no address with the origin of the app’s return_to.",
    address:
      " RETURN_TO has the origin of the app’s return_to, but not this address, character by character.",
    challenge: " The app must send a code_challenge of 43 characters, with code_challenge_method=S256.",
    state: " The app’s state must have 1 to 512 printable ASCII characters.",
  },
  "zh-CN": {
    origin: "RETURN_TO 中没有与应用的 return_to 同源的地址。",
    address: "RETURN_TO 中有与应用的 return_to 同源的地址，但没有逐字符一致的地址。",
    challenge: "应用必须发送 43 个字符的 code_challenge，并带上 code_challenge_method=S256。",
    state: "应用的 state 必须是 1 至 512 个可打印的 ASCII 字符。",
  },
};
