import type { LimitCheck, TakeRequest } from "../../src/core/protection/ports.ts";
import { fresh, MINUTE } from "./samples.ts";

export function check(key: string, max: number, windowMs = MINUTE, name = "sends"): LimitCheck {
  return { name, key, windows: [{ max, windowMs }] };
}

export function request(checks: readonly LimitCheck[], more: Partial<TakeRequest> = {}): TakeRequest {
  return { member: fresh("member"), checks, ...more };
}
