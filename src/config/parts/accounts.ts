import type { z } from "zod";
import type { SignUp } from "../../core/account/sign-up.ts";
import { oneOf } from "../formats/format.ts";
import { withDefault } from "../setting.ts";

export interface AccountsConfig {
  readonly signUp: SignUp;
}

export const accountVariables = {
  SIGN_UP: withDefault(oneOf(["open", "invited", "closed"]), "open", {
    part: "Accounts",
    sentence:
      "Who gets an account at the first sign-in: everybody, only those invited by `phonekey users invite`, or nobody. Existing users, imported ones too, are not affected; everybody else is told so after the right code.",
  }),
};

type Values = z.output<z.ZodObject<typeof accountVariables>>;

export function arrangeAccounts(values: Values): AccountsConfig {
  return { signUp: values.SIGN_UP };
}
