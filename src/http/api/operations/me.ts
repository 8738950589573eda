import { ok } from "../../../core/refusals.ts";
import { operation } from "../operation.ts";
import { ProfileBody, User } from "../schemas/me.ts";
import { userBody } from "./wire.ts";

export const readMe = operation({
  summary: "Read the signed-in user",
  description: "The user whose access token this is.",
  auth: "access_token",
  beforePassword: true,
  answer: { status: 200, description: "The user.", schema: User },
  refusals: [],
  handle: async (request, phonekey, deps) =>
    ok(userBody(await phonekey.account.read(request.principal.user), request, deps)),
});

export const updateMe = operation({
  summary: "Change name or avatar",
  description: "Changes what is given and leaves the rest.",
  auth: "access_token",
  body: ProfileBody,
  answer: { status: 200, description: "The user as it is now.", schema: User },
  refusals: ["invalid_request", "invalid_token"],
  example: { name: "Lin", avatar: 3 },
  handle: async (request, phonekey, deps) => {
    const { name, avatar } = request.body;
    const change = { ...(name !== undefined && { name }), ...(avatar !== undefined && { avatar }) };
    const updated = await phonekey.account.update(request.principal.user, change);
    return updated.ok ? ok(userBody(updated.value, request, deps)) : updated;
  },
});
