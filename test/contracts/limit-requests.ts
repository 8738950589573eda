import type { Limit, TakeRequest } from "../../src/core/protection/limits/ports.ts";
import { fresh, MINUTE } from "./samples.ts";

export function aLimit(key: string, max: number, windowMs = MINUTE, name = "sends"): Limit {
  return { name, key, windows: [{ max, windowMs }] };
}

export function request(limits: readonly Limit[], more: Partial<TakeRequest> = {}): TakeRequest {
  return { member: fresh("member"), limits, ...more };
}
