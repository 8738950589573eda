import type { z } from "zod";
import type { SignUp } from "../../core/account/sign-up.ts";
import { oneOf } from "../formats.ts";
import { withDefault } from "../setting.ts";

export interface AccountsConfig {
  readonly signUp: SignUp;
}

export const accountVariables = {
  SIGN_UP: withDefault(oneOf(["open", "invited", "closed"]), "open", {
    part: "Accounts",
    sentence:
      "Who gets an account at the first sign-in: everybody, whoever `phonekey users invite` invited, or nobody. Those who have one, imported ones too, are not affected; all others are told so after the right code.",
  }),
};

type Values = z.output<z.ZodObject<typeof accountVariables>>;

export function arrangeAccounts(values: Values): AccountsConfig {
  return { signUp: values.SIGN_UP };
}
