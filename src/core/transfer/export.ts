import type { User } from "../account/ports.ts";
import { readProfile } from "../account/profile.ts";
import { UnavailableError } from "../refusals.ts";
import type { PhoneVault } from "../vault.ts";
import type { UserTransferStore } from "./ports.ts";
import { writeUserLine } from "./user-line.ts";

interface ExportDeps {
  readonly transfer: UserTransferStore;
  readonly vault: PhoneVault;
}

const PAGE = 500;

export interface ExportedPage {
  /** Newline-delimited JSON, one user a line. It holds full numbers. */
  readonly lines: readonly string[];
  /** Ids of users whose sealed phone does not open, and who are left out. */
  readonly unreadable: readonly string[];
}

/** All users in the order of their ids, a page at a time, so that memory does not grow with their number. */
export async function* exportUsers(deps: ExportDeps): AsyncGenerator<ExportedPage> {
  let after: string | undefined;
  for (;;) {
    const page = await deps.transfer.page(after, PAGE);
    if (page.length > 0) yield await openPage(deps, page);
    after = page.at(-1)?.id;
    if (page.length < PAGE) return;
  }
}

async function openPage(deps: Pick<ExportDeps, "vault">, page: readonly User[]): Promise<ExportedPage> {
  const lines: string[] = [];
  const unreadable: string[] = [];
  for (const user of page) {
    try {
      lines.push(writeUserLine(await readProfile(deps, user)));
    } catch (error) {
      if (error instanceof UnavailableError) throw error;
      unreadable.push(user.id);
    }
  }
  return { lines, unreadable };
}
