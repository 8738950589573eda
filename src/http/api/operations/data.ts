import { ok } from "../../../core/refusals.ts";
import { exportBody } from "../../export-body.ts";
import { operation } from "../operation.ts";
import { AccountExport, EraseBody } from "../schemas/data.ts";
import { clientOf } from "./wire.ts";

export const exportMe = operation({
  summary: "Export everything kept about the user",
  description:
    "All that is kept about the person, machine-readable. Needs a session that showed within 15 minutes who they are.",
  auth: "access_token",
  answer: { status: 200, description: "Everything.", schema: AccountExport },
  refusals: ["invalid_token", "step_up_required"],
  handle: async ({ principal }, phonekey) => {
    const exported = await phonekey.life.export(principal);
    return exported.ok ? ok(exportBody(exported.value)) : exported;
  },
});

export const eraseMe = operation({
  summary: "Erase the account",
  description:
    "Takes the code of a verification with purpose `delete_account`, which went to the user's own number; where the account has login protection, the session must have shown that within 15 minutes, too. The account, its sessions and everything that names the person are gone for good then.",
  auth: "access_token",
  body: EraseBody,
  answer: { status: 204, description: "The account is gone." },
  refusals: ["invalid_request", "invalid_token", "invalid_code", "step_up_required", "too_many_requests"],
  example: { verificationId: "kTzR3JwWmJ0pQxv1hE2c4A", code: "004217" },
  handle: async (request, phonekey) => {
    const { principal, body } = request;
    return await phonekey.life.erase({ principal, ...body, client: clientOf(request) });
  },
});
