import type { User } from "../account/ports.ts";
import { noticeOfMove } from "../delivery/notice-kinds.ts";
import type { SmsSender } from "../delivery/ports.ts";
import type { Locale } from "../locale.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { PhoneVault } from "../vault.ts";

export interface ToldDeps {
  readonly route: readonly Pick<SmsSender, "carries">[];
  readonly vault: Pick<PhoneVault, "open">;
  readonly settings: { readonly phoneChangeMs: number };
}

/**
 * An account may leave a number only if that number can be told of it. Refused if no sender has a text for that notice.
 */
export async function requireTold(
  { route, vault, settings }: ToldDeps,
  { id, sealedPhone }: Pick<User, "id" | "sealedPhone">,
  locale: Locale,
): Promise<Result<void, "template_unavailable">> {
  const to = await vault.open(sealedPhone, id);
  const notice = { to, purpose: noticeOfMove(settings.phoneChangeMs), locale };
  const isTold = route.some(({ carries }) => carries?.(notice) ?? true);
  return isTold ? ok(undefined) : refuse("template_unavailable");
}
