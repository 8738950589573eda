import type { User } from "../../../core/account/ports.ts";
import { METHODS, type Method } from "../../../core/session/methods.ts";
import type { Session } from "../../../core/session/ports.ts";
import type { SessionRow, UserRow } from "../tables/schema.ts";

/** @param lastUsedAt epoch milliseconds */
export function userValues(user: User, lastUsedAt: number): UserRow {
  return {
    id: user.id,
    phone_tag: user.phoneTag,
    sealed_phone: user.sealedPhone,
    name: user.name,
    avatar: user.avatar,
    device_epoch: user.deviceEpoch,
    created_at: user.createdAt,
    updated_at: user.createdAt,
    unproven_since: user.unprovenSince ?? null,
    login_protection: user.loginProtection ?? null,
    last_used_at: lastUsedAt,
    sealed_password: null,
    password_set_at: user.passwordSetAt ?? null,
    password_reset_at: user.passwordResetAt ?? null,
  };
}

export function userOf(row: Omit<UserRow, "updated_at" | "last_used_at" | "sealed_password">): User {
  return {
    id: row.id,
    phoneTag: row.phone_tag,
    sealedPhone: row.sealed_phone,
    name: row.name,
    avatar: row.avatar,
    deviceEpoch: row.device_epoch,
    createdAt: row.created_at,
    ...(row.unproven_since !== null && { unprovenSince: row.unproven_since }),
    ...(row.login_protection !== null && { loginProtection: row.login_protection }),
    ...(row.password_set_at !== null && { passwordSetAt: row.password_set_at }),
    ...(row.password_reset_at !== null && { passwordResetAt: row.password_reset_at }),
  };
}

export function sessionValues(session: Session): SessionRow {
  return {
    id: session.id,
    user_id: session.userId,
    generation: session.generation,
    rotated_at: session.rotatedAt,
    refresh_key_id: session.refreshKeyId,
    device_id: session.deviceId,
    user_agent: session.userAgent,
    created_at: session.createdAt,
    last_used_at: session.lastUsedAt,
    expires_at: session.expiresAt,
    ended_at: session.endedAt ?? null,
    test: session.isTest ? 1 : 0,
    amr: session.amr.join(" "),
    auth_time: session.authTime,
    must_set_password: session.mustSetPassword ? 1 : 0,
  };
}

export function sessionOf(row: SessionRow): Session {
  return {
    id: row.id,
    userId: row.user_id,
    generation: row.generation,
    rotatedAt: row.rotated_at,
    refreshKeyId: row.refresh_key_id,
    deviceId: row.device_id,
    userAgent: row.user_agent,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    ...(row.ended_at !== null && { endedAt: row.ended_at }),
    ...(row.test === 1 && { isTest: true as const }),
    amr: methodsOf(row.amr),
    // A session of an older version: by a code, when it was opened.
    authTime: row.auth_time ?? row.created_at,
    ...(row.must_set_password === 1 && { mustSetPassword: true as const }),
  };
}

/** The column has them one after the other, as they came. */
export function methodsOf(amr: string): Method[] {
  return amr.split(" ").flatMap((word) => METHODS.filter((method) => method === word));
}
