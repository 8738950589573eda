import type { Locale } from "../../../core/locale.ts";

/** The script in the browser fills in texts with `{time}`, `{count}` or `{country}`. */
interface PhoneCopy {
  readonly title: string;
  readonly lead: string;
  /** After `lead`, if new people get an account. */
  readonly newHere: string;
  readonly country: string;
  /** The label of the picker, with the country that is chosen. */
  readonly chosenCountry: string;
  readonly phone: string;
  readonly submit: string;
  readonly smallPrint: string;
  readonly retryIn: (time: string) => string;
  readonly retryCountdown: string;
  readonly retryNow: string;
  readonly search: string;
  readonly close: string;
  readonly noMatch: string;
  readonly matches: string;
}

/** The page that asks for a number. */
export const PHONE_COPY: Readonly<Record<Locale, PhoneCopy>> = {
  en: {
    title: "Sign in",
    lead: "Enter your mobile number and we’ll text you a code.",
    newHere: " If you’re new here, this creates your account.",
    country: "Country or region",
    chosenCountry: "Country or region: {country}",
    phone: "Mobile number",
    submit: "Send code",
    smallPrint: "You’ll get one text message. Your carrier’s rates may apply.",
    retryIn: (time) => `You can try again ${time}.`,
    retryCountdown: "You can try again in {time}.",
    retryNow: "You can try again now.",
    search: "Search by name or code",
    close: "Close",
    noMatch: "No country or region matches.",
    matches: "{count} found",
  },
  "zh-CN": {
    title: "登录",
    lead: "输入手机号，我们会向您发送短信验证码。",
    newHere: "首次登录将自动创建账号。",
    country: "国家或地区",
    chosenCountry: "国家或地区：{country}",
    phone: "手机号",
    submit: "获取验证码",
    smallPrint: "您将收到一条短信，运营商可能收取相关费用。",
    retryIn: (time) => `请于 ${time}重试。`,
    retryCountdown: "请于 {time} 后重试。",
    retryNow: "现在可以重试了。",
    search: "搜索名称或区号",
    close: "关闭",
    noMatch: "没有匹配的国家或地区。",
    matches: "找到 {count} 项",
  },
};
