import { createCommonPasswords } from "../adapters/common-passwords/list.ts";
import { createPasswordHasher } from "../adapters/scrypt/hasher.ts";
import type { PasswordPorts } from "../core/password/index.ts";
import type { PasswordHasher } from "../core/password/ports.ts";
import type { Random } from "../core/ports.ts";

/** What hashes and judges passwords. The list of common ones is loaded when somebody first chooses a password. */
export function passwordsOf(
  random: Random,
  { passwordHasher }: { readonly passwordHasher?: PasswordHasher },
): Pick<PasswordPorts, "passwordHasher" | "commonPasswords"> {
  return {
    passwordHasher: passwordHasher ?? createPasswordHasher({ random }),
    commonPasswords: createCommonPasswords(),
  };
}
