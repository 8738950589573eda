import { Command } from "commander";
import { type AccountTools, accountTools } from "../../compose/tools/accounts.ts";
import type { User } from "../../core/account/ports.ts";
import { createOutput, standardOutput } from "../files.ts";
import { settings } from "../settings.ts";
import { withTools } from "../tools.ts";

/** Writes everything that is kept about one person. */
export async function exportOne(written: string, file: string | undefined): Promise<void> {
  console.error("This export holds a full phone number: give it only to that person.");
  await withAccount(written, async (tools, user) => {
    const exported = await tools.export(user);
    if (!exported) return false;
    const output = file ? await createOutput(file) : standardOutput();
    await output.write(`${JSON.stringify(exported, undefined, 2)}\n`);
    await output.finish();
    return true;
  });
}

export function signOutCommand(): Command {
  return new Command("sign-out")
    .description("End every session of one person, whose devices are unknown from then on.")
    .argument("<user>", "the account's id, or its phone number as a person writes it")
    .option("--json", "print the outcome as JSON")
    .addHelpText(
      "after",
      "\nFor support, when somebody else may be signed in. It also takes a change of number back that waits." +
        "\nServices that check access tokens by the JWKS notice once those expire (ACCESS_TOKEN_MINUTES)." +
        "\n\nExample:\n  phonekey users sign-out +8613800138000",
    )
    .action((written: string, { json = false }: { json?: boolean }) =>
      withAccount(written, async (tools, user) => {
        if (!(await tools.signOut(user))) return false;
        console.log(
          json ? JSON.stringify({ id: user.id }) : `Ended every session of the account ${user.id}.`,
        );
        return true;
      }),
    );
}

interface EraseOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function eraseCommand(): Command {
  return new Command("erase")
    .description("Erase one account for good, with everything that identifies the person.")
    .argument("<user>", "the account's id, or its phone number as a person writes it")
    .option("--yes", "really do it; without this, only say which account it is")
    .option("--json", "print the outcome as JSON")
    .addHelpText(
      "after",
      "\nWhat counts against the number stays under its tag as long as wrong guesses are kept (docs/accounts.md)." +
        "\nKeep the id that is printed: after a backup was restored, `phonekey restored` takes a list of them." +
        "\nTo name an id that begins with -, put -- before it: `phonekey users erase --yes -- -x7`." +
        "\n\nExample:\n  phonekey users erase 019a1b2c-0000-7000-8000-000000000000 --yes",
    )
    .action((written: string, { yes = false, json = false }: EraseOptions) =>
      withAccount(written, async (tools, user) => {
        const erased = yes && (await tools.erase(user));
        if (yes && !erased) return false;
        if (json) console.log(JSON.stringify({ id: user.id, erased }));
        else console.log(erased ? `Erased the account ${user.id}.` : describe(user));
        return true;
      }),
    );
}

function describe({ id, createdAt }: User): string {
  return `The account ${id}, made on ${new Date(createdAt).toISOString()}. Repeat with --yes to erase it.`;
}

/** @param act resolves with false if the account is gone by then */
async function withAccount(
  written: string,
  act: (tools: AccountTools, user: User) => Promise<boolean>,
): Promise<void> {
  await withTools(accountTools(settings()), async (tools) => {
    const user = await tools.find(written);
    if (user && (await act(tools, user))) return;
    console.error("There is no such account.");
    process.exitCode = 1;
  });
}
