import type { Principal } from "../session/session.ts";
import {
  type ChangeDeps,
  type ChangeInput,
  changePassword,
  mayChangePassword,
  removePassword,
  waysToChangePassword,
} from "./change.ts";
import { type ResetDeps, type ResetInput, resetPassword } from "./reset.ts";
import { judgePassword } from "./rules.ts";
import { type PasswordSignInDeps, type PasswordSignInInput, signInByPassword } from "./sign-in.ts";

type PasswordDeps = PasswordSignInDeps & ChangeDeps & ResetDeps;

/** Passwords: a second way to sign in, for users who set one. */
export function createPasswords(deps: PasswordDeps) {
  return {
    signIn: (input: PasswordSignInInput) => signInByPassword(deps, input),
    /** Whether the text may be a new password, if the person's number is not known yet. */
    judge: (text: string) =>
      judgePassword(deps.commonPasswords, { text, brandName: deps.settings.brandName }),
    change: (input: ChangeInput) => changePassword(deps, input),
    mayChange: (principal: Principal) => mayChangePassword(principal, deps.clock.now()),
    waysToChange: (principal: Principal) => waysToChangePassword(deps, principal),
    remove: (input: Pick<ChangeInput, "principal" | "locale">) => removePassword(deps, input),
    reset: (input: ResetInput) => resetPassword(deps, input),
  };
}
