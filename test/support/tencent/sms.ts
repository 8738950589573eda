/** What the actions of the SMS API share. */
export const SMS = {
  service: "sms",
  version: "2021-01-11",
  regions: ["ap-beijing", "ap-guangzhou", "ap-nanjing", "ap-singapore"],
} as const;
