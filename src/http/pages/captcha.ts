import type { Captcha } from "../../core/protection/challenges.ts";
import { Captcha as CaptchaSchema } from "../api/schemas.ts";
import type { Fields } from "./forms.ts";

/** What a page's form shows for a challenge that its browser solved; whatever is none is nothing. */
export function readCaptcha(fields: Fields): Captcha | undefined {
  try {
    const parsed = CaptchaSchema.safeParse(JSON.parse(fields.get("captcha") ?? ""));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
