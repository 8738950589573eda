import type { Evidence } from "../../core/account/factors/evidence.ts";
import type { PasskeyAnswer } from "../../core/account/factors/ports.ts";
import type { Fields } from "./forms.ts";

/**
 * What a form shows of a factor. Of the code fields that say no more, six digits are a code of an app, anything else a
 * recovery code.
 *
 * @param verification whose code was sent to the phone, where one was
 */
export function evidenceIn(fields: Fields, verification: string | undefined): Evidence {
  if (fields.get("by") === "sms") {
    return { by: "sms", verificationId: verification ?? "", code: fields.get("code") ?? "" };
  }
  const passkey = fields.get("passkey");
  if (passkey !== undefined) return { by: "pop", answer: parseAnswer(passkey) };
  const password = fields.get("password");
  if (password !== undefined) return { by: "pwd", password };
  const code = fields.get("code") ?? "";
  const digits = code.normalize("NFKC").replace(/[\s-]/g, "");
  return /^[0-9]{6}$/.test(digits) ? { by: "otp", code: digits } : { by: "recovery", code };
}

/** What the script sent; whatever else it may be is no answer, and refused as one. */
export function parseAnswer(text: string): PasskeyAnswer {
  try {
    const parsed: { id?: unknown } = Object(JSON.parse(text));
    return { ...parsed, id: typeof parsed.id === "string" ? parsed.id : "" };
  } catch {
    return { id: "" };
  }
}
