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
  waysToChangePhone,
} from "./change-phone.ts";
import { type EraseDeps, type EraseInput, eraseOwnAccount, mayErase } from "./erase.ts";
import { type ExportDeps, exportOwnAccount } from "./export.ts";

export interface LifeDeps extends ChangePhoneDeps, EraseDeps, ExportDeps {
  readonly random: EraseDeps["random"];
  readonly vault: ChangePhoneDeps["vault"];
  readonly phoneChanges: ChangePhoneDeps["phoneChanges"];
}

/** What happens to an account between its first sign-in and its end. */
export function createLife(deps: LifeDeps) {
  return {
    /** How long a change of phone waits, milliseconds. */
    phoneChangeMs: deps.settings.phoneChangeMs,
    mayChangePhone: (principal: Principal) => mayChangePhone(principal, deps.clock.now()),
    waysToChangePhone: (principal: Principal) => waysToChangePhone(deps, principal),
    changePhone: (input: ChangePhoneInput) => changePhone(deps, input),
    readPhone: (principal: Principal) => readPhone(deps, principal),
    cancelPhoneChange: (principal: Principal) => cancelPhoneChange(deps, principal),
    isStopCode: (stopCode: string) => isStopCode(deps, stopCode),
    stopPhoneChange: (stopCode: string) => stopPhoneChange(deps, stopCode),
    export: (principal: Principal) => exportOwnAccount(deps, principal),
    mayErase: (principal: Principal) => mayErase(principal, deps.clock.now()),
    erase: (input: EraseInput) => eraseOwnAccount(deps, input),
    /** A piece of the periodic work. */
    applyDueChanges: (now: number, isOver: () => boolean) => applyDueChanges(deps, now, isOver),
  };
}
