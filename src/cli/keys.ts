import { Command } from "commander";
import { keyTools, type RotatableKind } from "../compose.ts";
import { apiKeysCommand } from "./api-keys.ts";
import { settings } from "./settings.ts";

export function keysCommand(): Command {
  return new Command("keys")
    .description("Look after the keys that are wrapped in the database, and (api) those that backends show.")
    .addHelpText("after", "\nExample:\n  phonekey keys list")
    .addCommand(listCommand())
    .addCommand(rotateCommand())
    .addCommand(retagCommand())
    .addCommand(apiKeysCommand());
}

function listCommand(): Command {
  return new Command("list")
    .description("List the keys, never their material.")
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
    .description("Wrap all keys under the first of PHONEKEY_SECRETS, and add a new key of the kinds named.")
    .argument("[kinds...]", "kinds of keys, such as signing or code; signing if none is named")
    .option("--wrapping-only", "only wrap the keys anew")
    .addHelpText("after", "\nExamples:\n  phonekey keys rotate\n  phonekey keys rotate code refresh")
    .action((kinds: string[], options: { wrappingOnly?: boolean }, command: Command) =>
      withTools(async (tools) => {
        const wanted = options.wrappingOnly ? [] : rotatable(command, tools.kinds, kinds);
        console.log(`Wrapped ${await tools.rewrap()} keys under the first secret.`);
        for (const kind of wanted) {
          const { id, activeFrom } = await tools.rotate(kind);
          console.log(`New ${kind} key ${id}, in use from ${new Date(activeFrom).toISOString()}.`);
        }
        console.log(`Removed ${await tools.prune()} keys that nothing needs any more.`);
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
    .description("Give every phone a new tag under a new tag key. Sign-in answers 503 meanwhile.")
    .addHelpText(
      "after",
      "\nSafe to interrupt: run it again and it goes on.\n\nExample:\n  phonekey keys retag",
    )
    .action(() =>
      withTools(async (tools) => {
        const startedAt = performance.now();
        const total = await tools.countToRetag();
        const { keyId, done } = await tools.retag((count) => showProgress(count, total, startedAt));
        console.log(`Tagged ${done} rows anew under ${keyId}.`);
      }),
    );
}

/** On a terminal only: how far it is, how fast, and how long it will take. */
function showProgress(count: number, total: number, startedAt: number): void {
  if (!process.stderr.isTTY) return;
  const rate = (count / (performance.now() - startedAt)) * 1000;
  const left = Math.ceil((total - count) / rate);
  process.stderr.write(`\r${count} of ${total}, ${Math.round(rate)} a second, ${left} s left   `);
}

async function withTools(act: (tools: Awaited<ReturnType<typeof keyTools>>) => Promise<void>): Promise<void> {
  const tools = await keyTools(settings());
  try {
    await act(tools);
  } finally {
    await tools.close();
  }
}
