import type { Locale } from "../../../core/locale.ts";

export interface DocsCopy {
  readonly version: string;
  readonly contents: string;
  readonly operations: string;
  readonly auth: string;
  readonly parameters: string;
  readonly body: string;
  readonly oneOf: string;
  readonly answers: string;
  readonly refusals: string;
  readonly problemLead: string;
  readonly refusalsLead: string;
  readonly example: string;
  readonly required: string;
  readonly optional: string;
  readonly copy: string;
  readonly copied: string;
  readonly status: string;
  readonly code: string;
  readonly meaning: string;
}

/** The documents of the API. */
export const DOCS_COPY: Readonly<Record<Locale, DocsCopy>> = {
  en: {
    version: "Version",
    contents: "Contents",
    operations: "Operations",
    auth: "Authentication",
    parameters: "Parameters",
    body: "Request body",
    oneOf: "It has one of these forms.",
    answers: "Answers",
    refusals: "Refusals",
    problemLead: "Every refusal is a problem document (RFC 9457).",
    refusalsLead: "Its code is one of these.",
    example: "Example",
    required: "required",
    optional: "optional",
    copy: "Copy",
    copied: "Copied",
    status: "Status",
    code: "Code",
    meaning: "Meaning",
  },
  "zh-CN": {
    version: "版本",
    contents: "目录",
    operations: "接口",
    auth: "身份验证",
    parameters: "参数",
    body: "请求体",
    oneOf: "须为以下形式之一。",
    answers: "响应",
    refusals: "错误码",
    problemLead: "所有错误均以问题文档（RFC 9457）返回。",
    refusalsLead: "错误码为下列之一。",
    example: "示例",
    required: "必填",
    optional: "可选",
    copy: "复制",
    copied: "已复制",
    status: "状态",
    code: "错误码",
    meaning: "含义",
  },
};
