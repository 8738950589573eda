export { DAY, HOUR, MINUTE, SECOND } from "../support/times.ts";

export const PHONE = "+8613800138000";
