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
  readonly id?: string | undefined;
  /** How the person showed who they are, and when, if not now. */
  readonly amr: readonly Method[];
  readonly authTime?: number | undefined;
  /** The known device that it runs on. Without one, the session makes its device known. */
  readonly deviceId: string | undefined;
  /** If a test number opens it: the end of that number's time, at which the session ends too. */
  readonly testUntil: number | undefined;
  /** Whether a temporary password opens it. */
  readonly mustSetPassword: true | undefined;
}

/**
 * Drafts a session that begins now; its store adds the user. At most 256 printable ASCII characters of the user agent
 * are kept.
 */
export async function draftSession(
  deps: DraftDeps,
  userAgent: string,
  traits: SessionTraits,
): Promise<Omit<Session, "userId">> {
  const now = deps.clock.now();
  const { amr, testUntil, mustSetPassword, id = deps.random.uuid(now) } = traits;
  const endsAt = now + deps.settings.session.sessionMs;
  return {
    id,
    deviceId: traits.deviceId ?? id,
    generation: 0,
    rotatedAt: now,
    refreshKeyId: (await deps.keyring.current("refresh")).id,
    userAgent: userAgent.replace(/[^\x20-\x7e]/g, "").slice(0, 256),
    amr,
    authTime: traits.authTime ?? now,
    createdAt: now,
    lastUsedAt: now,
    expiresAt: testUntil === undefined ? endsAt : Math.min(endsAt, testUntil),
    ...(testUntil !== undefined && { isTest: true as const }),
    ...(mustSetPassword && { mustSetPassword }),
  };
}
