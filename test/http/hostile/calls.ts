import { z } from "zod";
import type { Operation } from "../../../src/http/api/operation.ts";
import { PHONE } from "../support.ts";

interface Shape {
  readonly properties?: Readonly<Record<string, object>>;
  readonly anyOf?: readonly Shape[];
}

/** The path of an operation, with a well-formed id that nothing has. */
export function pathOf({ path, query }: Operation): string {
  const uuid = "0197c2a0-0000-7000-8000-000000000000";
  const id = path.startsWith("/v1/verifications") ? "A".repeat(22) : uuid;
  return path.replace("{id}", id) + (query ? "?scope=others" : "");
}

/** All fields that a body of this operation may have. */
export function fieldsOf(operation: Operation): readonly string[] {
  if (!operation.body) return [];
  const shape = z.toJSONSchema(operation.body, { io: "input", unrepresentable: "any" }) as Shape;
  return [shape, ...(shape.anyOf ?? [])].flatMap(({ properties = {} }) => Object.keys(properties));
}

/** The fields that show one factor. */
const EVIDENCE: readonly Record<string, unknown>[] = [
  { totp: "123456" },
  { passkey: { id: "x" } },
  { recoveryCode: "0000-0000-0000-0000" },
  { password: "correct horse" },
];

/** The smallest valid body that may have this field. */
export function validBody(operation: Operation, field: string): Record<string, unknown> {
  const handover = { handover: "x.y.z", codeVerifier: "v".repeat(43) };
  const byCode = { verificationId: "A".repeat(22), code: "123456" };
  const byFactor = EVIDENCE.find((evidence) => field in evidence);
  if (operation.path.endsWith("/step-up")) return byFactor ?? byCode;
  if (operation.path.endsWith("me/phone") || operation.id === "eraseMe") return byCode;
  if (operation.path === "/v1/sessions") {
    const password = { phone: PHONE, password: "lantern", captcha: undefined };
    if (field === "phone" || field === "captcha") return password;
    if (field === "challenge" || byFactor) return { challenge: "x.y.z", ...(byFactor ?? EVIDENCE[0]) };
    return field in handover ? handover : byCode;
  }
  if (operation.path.endsWith("/passkey-options")) return { challenge: "x.y.z" };
  if (operation.path.endsWith("/login-protection")) return { when: "off" };
  if (operation.path.endsWith("/confirm")) return { code: "123456" };
  if (operation.path.endsWith("/passkeys")) return { passkey: { id: "x" } };
  if (operation.path.endsWith("/totp")) return { label: "My phone" };
  if (operation.path === "/v1/me/password") return { newPassword: "qwertyuiop" };
  if (operation.path === "/v1/password-resets") {
    return { verificationId: "A".repeat(22), code: "123456", newPassword: "qwertyuiop" };
  }
  if (operation.path.endsWith("/check")) return { code: "123456" };
  if (operation.path === "/v1/proofs/redeem") return { proof: "x" };
  if (["/v1/verifications", "/v1/challenges"].includes(operation.path)) return { phone: PHONE };
  return operation.path === "/v1/me" ? { name: "Lin" } : { refreshToken: "x" };
}
