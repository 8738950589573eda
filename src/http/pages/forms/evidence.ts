import type { Evidence } from "../../../core/account/factors/evidence.ts";
import type { PasskeyAnswer } from "../../../core/account/factors/ports.ts";
import type { Fields } from "./forms.ts";

/**
 * The factor that a form shows. If a form takes codes of apps and recovery codes in one field, six digits are a code of
 * an app, and anything else is a recovery code.
 *
 * @param verification the one whose code was sent to the phone, if there is one
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

/** A passkey's answer as the script sent it. Anything else becomes an answer that is refused. */
export function parseAnswer(text: string): PasskeyAnswer {
  try {
    const parsed: { id?: unknown } = Object(JSON.parse(text));
    return { ...parsed, id: typeof parsed.id === "string" ? parsed.id : "" };
  } catch {
    return { id: "" };
  }
}
