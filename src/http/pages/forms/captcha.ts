import type { Captcha } from "../../../core/protection/challenges/ports.ts";
import { Captcha as CaptchaSchema } from "../../api/schemas/challenges.ts";
import type { Fields } from "./forms.ts";

/** The solution of a challenge in a form; undefined if it is missing or cannot be read. */
export function readCaptcha(fields: Fields): Captcha | undefined {
  try {
    const parsed = CaptchaSchema.safeParse(JSON.parse(fields.get("captcha") ?? ""));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
