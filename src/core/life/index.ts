import type { Principal } from "../session/session.ts";
import {
  applyDueChanges,
  type ChangePhoneDeps,
  type ChangePhoneInput,
  cancelPhoneChange,
  changePhone,
  isStopCode,
  mayChangePhone,
  readPhone,
  stopPhoneChange,
} from "./change-phone.ts";

export type LifeDeps = ChangePhoneDeps;

/** What happens to an account between its first sign-in and its end. */
export function createLife(deps: LifeDeps) {
  return {
    /** How long a change of phone waits, milliseconds. */
    phoneChangeMs: deps.settings.phoneChangeMs,
    mayChangePhone: (principal: Principal) => mayChangePhone(principal, deps.clock.now()),
    changePhone: (input: ChangePhoneInput) => changePhone(deps, input),
    readPhone: (principal: Principal) => readPhone(deps, principal),
    cancelPhoneChange: (principal: Principal) => cancelPhoneChange(deps, principal),
    isStopCode: (stopCode: string) => isStopCode(deps, stopCode),
    stopPhoneChange: (stopCode: string) => stopPhoneChange(deps, stopCode),
    /** A piece of the periodic work. */
    applyDueChanges: () => applyDueChanges(deps),
  };
}
