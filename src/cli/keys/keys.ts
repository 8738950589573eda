import { Command } from "commander";
import { keyTools, type RotatableKind } from "../../compose/tools/keys.ts";
import { createProgress } from "../progress.ts";
import { settings } from "../settings.ts";
import { apiKeysCommand } from "./api-keys.ts";

export function keysCommand(): Command {
  return new Command("keys")
    .description("Manage Phonekey's own keys in the database and, with `api`, the API keys of your backends.")
    .addHelpText("after", "\nExample:\n  phonekey keys list")
    .addCommand(listCommand())
    .addCommand(rotateCommand())
    .addCommand(retagCommand())
    .addCommand(apiKeysCommand());
}

function listCommand(): Command {
  return new Command("list")
    .description("List the keys by kind and id, never the keys themselves.")
    .option("--json", "print them as JSON")
    .addHelpText("after", "\nExample:\n  phonekey keys list")
    .action((options: { json?: boolean }) =>
      withTools(async (tools) => {
        const keys = await tools.list();
        if (options.json) console.log(JSON.stringify(keys));
        else
          for (const { kind, id, state } of keys) console.log(`${kind.padEnd(10)}${id.padEnd(16)}${state}`);
      }),
    );
}

function rotateCommand(): Command {
  return new Command("rotate")
    .description("Wrap all keys under the first of PHONEKEY_SECRETS, and add a new key of each kind named.")
    .argument("[kinds...]", "kinds of keys, such as signing or code; signing if none is named")
    .option("--wrapping-only", "only wrap the keys under the first secret; add none")
    .addHelpText("after", "\nExamples:\n  phonekey keys rotate\n  phonekey keys rotate code refresh")
    .action((kinds: string[], options: { wrappingOnly?: boolean }, command: Command) =>
      withTools(async (tools) => {
        if (options.wrappingOnly && kinds.length > 0)
          command.error("error: --wrapping-only makes no new key; name no kinds beside it");
        const wanted = options.wrappingOnly ? [] : rotatable(command, tools.kinds, kinds);
        console.log(`Wrapped ${await tools.rewrap()} keys under the first secret.`);
        for (const kind of wanted) {
          const { id, activeFrom } = await tools.rotate(kind);
          console.log(`New ${kind} key ${id}, in use from ${new Date(activeFrom).toISOString()}.`);
        }
        console.log(`Removed ${await tools.prune()} keys that are no longer needed.`);
      }),
    );
}

function rotatable(
  command: Command,
  known: readonly RotatableKind[],
  kinds: readonly string[],
): RotatableKind[] {
  if (kinds.length === 0) return ["signing"];
  return kinds.map(
    (kind) =>
      known.find((one) => one === kind) ??
      command.error(`error: there is no kind ${kind} to rotate; there are ${known.join(", ")}`),
  );
}

function retagCommand(): Command {
  return new Command("retag")
    .description("Give every phone a new tag under a new tag key. Until it is done, sign-in answers 503.")
    .addHelpText(
      "after",
      "\nSafe to interrupt: run it again and it continues.\n\nExample:\n  phonekey keys retag",
    )
    .action(() =>
      withTools(async (tools) => {
        const total = process.stderr.isTTY ? await tools.countToRetag() : 0;
        const progress = createProgress("rows");
        const { keyId, done } = await tools
          .retag((count) => progress.show(count, total > 0 ? count / total : undefined))
          .finally(() => progress.clear());
        console.log(`Tagged ${done} rows anew under ${keyId}.`);
      }),
    );
}

async function withTools(act: (tools: Awaited<ReturnType<typeof keyTools>>) => Promise<void>): Promise<void> {
  const tools = await keyTools(settings());
  try {
    await act(tools);
  } finally {
    await tools.close();
  }
}
