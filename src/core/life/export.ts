import type { User } from "../account/ports.ts";
import type { ReplyStore } from "../delivery/receipt-ports.ts";
import type { Phone } from "../phone.ts";
import type { Clock } from "../ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { requireRecent, WHOLE_ACCOUNT } from "../session/requirements.ts";
import type { Principal } from "../session/session.ts";
import type { PhoneVault, TextVault } from "../vault.ts";
import type { AccountData, AccountStore, By } from "./account-ports.ts";
import type { PhoneChangeStore } from "./ports.ts";

export interface ExportDeps {
  readonly accounts: AccountStore;
  readonly phoneChanges: Pick<PhoneChangeStore, "find">;
  readonly replies: Pick<ReplyStore, "isOptedOut">;
  readonly vault: PhoneVault & TextVault;
  readonly clock: Clock;
}

/** All that is kept about a person, in the open. Times are epoch milliseconds. */
export interface AccountExport extends Omit<AccountData, "user" | "lastUsedAt" | "replies"> {
  readonly exportedAt: number;
  readonly account: {
    readonly id: string;
    /** Absent where the account lost its number. */
    readonly phone?: Phone;
    readonly name: string;
    readonly avatar: number;
    readonly createdAt: number;
    readonly lastUsedAt?: number;
    readonly loginProtection?: string;
    /** Of the password itself nothing is told. */
    readonly passwordSetAt?: number;
    /** Whether the phone's holder wants no message that they did not ask for. */
    readonly isOptedOut: boolean;
    readonly movesTo?: { readonly phone: Phone; readonly takesEffectAt: number };
  };
  readonly replies: readonly { readonly text: string; readonly at: number }[];
}

/**
 * Everything that is kept about the session's user (GDPR, articles 15 and 20; PIPL, article 45). `step_up_required` where
 * they have not shown lately who they are, `invalid_token` where the account is gone.
 */
export async function exportOwnAccount(
  deps: ExportDeps,
  principal: Principal,
): Promise<Result<AccountExport, "step_up_required" | "invalid_token">> {
  const may = requireRecent(principal, WHOLE_ACCOUNT, deps.clock.now());
  if (!may.ok) return may;
  const exported = await exportAccount(deps, principal.user, "user");
  return exported ? ok(exported) : refuse("invalid_token");
}

/** Everything that is kept about a user, with a note of it in the audit trail; undefined where they are gone. */
export async function exportAccount(
  deps: ExportDeps,
  { id, sealedPhone }: Pick<User, "id" | "sealedPhone">,
  by: By,
): Promise<AccountExport | undefined> {
  const { accounts, replies, vault, clock } = deps;
  const phone = sealedPhone === "" ? undefined : await vault.open(sealedPhone, id);
  const tags = phone ? await vault.tags(phone) : [];
  const data = await accounts.read(id, tags);
  if (!data) return undefined;
  const exportedAt = clock.now();
  await accounts.noteExport(id, by, exportedAt);
  const { user, lastUsedAt, replies: sealed, ...rest } = data;
  const { name, avatar, createdAt, loginProtection, passwordSetAt } = user;
  const texts = sealed.map(async ({ id: row, sealedText, at }) => ({
    text: await vault.openText(sealedText, row),
    at,
  }));
  const movesTo = await pendingOf(deps, id);
  return {
    exportedAt,
    account: {
      id,
      ...(phone && { phone }),
      name,
      avatar,
      createdAt,
      ...(lastUsedAt !== undefined && { lastUsedAt }),
      ...(loginProtection && { loginProtection }),
      ...(passwordSetAt !== undefined && { passwordSetAt }),
      isOptedOut: tags.length > 0 && (await replies.isOptedOut(tags)),
      ...(movesTo && { movesTo }),
    },
    ...rest,
    replies: await Promise.all(texts),
  };
}

async function pendingOf({ phoneChanges, vault }: ExportDeps, userId: string) {
  const change = await phoneChanges.find(userId);
  if (!change) return undefined;
  return { phone: await vault.open(change.sealedPhone, change.id), takesEffectAt: change.dueAt };
}
