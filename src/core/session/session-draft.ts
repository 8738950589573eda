import type { Keyring } from "../keys.ts";
import type { Clock, Random } from "../ports.ts";
import type { Method } from "./methods.ts";
import type { Session } from "./ports.ts";
import type { SessionSettings } from "./session.ts";

export interface DraftDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly keyring: Keyring;
  readonly settings: { readonly session: SessionSettings };
}

interface SessionTraits {
  /** Its id, if that was chosen before (`second_factor`). */
  readonly id?: string;
  /** How the person showed who they are, and when, if not now. */
  readonly amr: readonly Method[];
  readonly authTime?: number;
  /** The known device that it runs on. Without one, the session makes its device known. */
  readonly deviceId?: string;
  /** If a test number opens it: the end of that number's time, at which the session ends too. */
  readonly testUntil?: number | undefined;
  /** Whether a temporary password opens it. */
  readonly mustSetPassword?: boolean;
}

/**
 * Drafts a session that begins now; its store adds the user. At most 256 printable ASCII characters of the user agent
 * are kept.
 */
export async function draftSession(
  deps: DraftDeps,
  userAgent: string,
  {
    id: given,
    amr,
    authTime,
    deviceId,
    testUntil = Number.POSITIVE_INFINITY,
    mustSetPassword = false,
  }: SessionTraits,
): Promise<Omit<Session, "userId">> {
  const now = deps.clock.now();
  const id = given ?? deps.random.uuid(now);
  return {
    id,
    deviceId: deviceId ?? id,
    generation: 0,
    rotatedAt: now,
    refreshKeyId: (await deps.keyring.current("refresh")).id,
    userAgent: userAgent.replace(/[^\x20-\x7e]/g, "").slice(0, 256),
    amr,
    authTime: authTime ?? now,
    createdAt: now,
    lastUsedAt: now,
    expiresAt: Math.min(now + deps.settings.session.sessionMs, testUntil),
    ...(Number.isFinite(testUntil) && { isTest: true as const }),
    ...(mustSetPassword && { mustSetPassword: true as const }),
  };
}
