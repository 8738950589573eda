import { Command } from "commander";
import { type InvitationTools, invitationTools } from "../../compose/tools/invitations.ts";
import { numberOf } from "../../compose/tools/numbers.ts";
import type { Phone } from "../../core/phone.ts";
import { settings } from "../settings.ts";
import { withTools } from "../tools.ts";

export function inviteCommand(): Command {
  return new Command("invite")
    .description("Say who may sign up while SIGN_UP=invited.")
    .addHelpText(
      "after",
      "\nThe first sign-in uses an invitation up. Existing users, imported ones too, need none." +
        "\n\nExample:\n  phonekey users invite add +8613800138000",
    )
    .addCommand(addCommand())
    .addCommand(removeCommand())
    .addCommand(listCommand());
}

function addCommand(): Command {
  return new Command("add")
    .description("Invite one or more numbers. Numbers that are already invited stay invited.")
    .argument("<phones...>", "phone numbers, as a person writes them")
    .option("--json", "print the outcome as JSON")
    .addHelpText("after", "\nExample:\n  phonekey users invite add +8613800138000 13900139000")
    .action((written: string[], { json = false }: { json?: boolean }, command: Command) =>
      forEach(written, (tools, phone) => tools.add(phone), {
        command,
        json,
        done: "invited",
        not: "already invited",
      }),
    );
}

function removeCommand(): Command {
  return new Command("remove")
    .description("Take back invitations that nobody has used yet.")
    .argument("<phones...>", "phone numbers, as a person writes them")
    .option("--json", "print the outcome as JSON")
    .addHelpText("after", "\nExample:\n  phonekey users invite remove +8613800138000")
    .action((written: string[], { json = false }: { json?: boolean }, command: Command) =>
      forEach(written, (tools, phone) => tools.remove(phone), {
        command,
        json,
        done: "removed",
        not: "not invited",
      }),
    );
}

function listCommand(): Command {
  return new Command("list")
    .description("List the invitations that nobody has used yet, oldest first. Numbers are masked.")
    .option("--json", "print one JSON object per line; times are milliseconds since 1970")
    .addHelpText("after", "\nExample:\n  phonekey users invite list")
    .action(({ json = false }: { json?: boolean }) =>
      withTools(invitationTools(settings()), async (tools) => {
        let isEmpty = true;
        for await (const { phone, at } of tools.list()) {
          isEmpty = false;
          console.log(json ? JSON.stringify({ phone, at }) : `${new Date(at).toISOString()}  ${phone}`);
        }
        if (isEmpty && !json) console.error("There are no open invitations.");
      }),
    );
}

interface Asked {
  readonly command: Command;
  readonly json: boolean;
  /** The messages for a number for which something was done, and for one where there was nothing to do. */
  readonly done: string;
  readonly not: string;
}

/** Does it for every number, or for none if one of them is no number. */
async function forEach(
  written: readonly string[],
  act: (tools: InvitationTools, phone: Phone) => Promise<boolean>,
  { command, json, done, not }: Asked,
): Promise<void> {
  const config = settings();
  const phones = written.map((text, index) => {
    const phone = numberOf(config, text);
    return phone ?? command.error(`error: argument ${index + 1} is not a phone number`);
  });
  await withTools(invitationTools(config), async (tools) => {
    const counts = { [done]: 0, [not]: 0 };
    for (const phone of phones) {
      const outcome = (await act(tools, phone)) ? done : not;
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
    console.log(json ? JSON.stringify(counts) : `${counts[done]} ${done}, ${counts[not]} ${not}.`);
  });
}
