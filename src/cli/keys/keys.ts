import { Command } from "commander";
import { type KeyTools, keyTools, type RotatableKind } from "../../compose/tools/keys.ts";
import { counted } from "../../core/counted.ts";
import { createProgress } from "../progress.ts";
import { settings } from "../settings.ts";
import { printSteps } from "../steps.ts";
import { withTools } from "../tools.ts";
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
      withTools(keyTools(settings()), async (tools) => {
        const keys = await tools.list();
        if (options.json) console.log(JSON.stringify(keys));
        else
          for (const { kind, id, state } of keys) console.log(`${kind.padEnd(10)}${id.padEnd(16)}${state}`);
      }),
    );
}

interface RotateOptions {
  readonly wrappingOnly?: boolean;
  readonly json?: boolean;
}

function rotateCommand(): Command {
  return new Command("rotate")
    .description("Wrap all keys under the first of PHONEKEY_SECRETS, and add a new key of each kind named.")
    .argument("[kinds...]", "kinds of keys, such as signing or code; signing if none is named")
    .option("--wrapping-only", "only wrap the keys under the first secret; add none")
    .option("--json", "print what was done as JSON; times are milliseconds since 1970")
    .addHelpText("after", "\nExamples:\n  phonekey keys rotate\n  phonekey keys rotate code refresh")
    .action((kinds: string[], { wrappingOnly, json }: RotateOptions, command: Command) =>
      withTools(keyTools(settings()), async (tools) => {
        if (wrappingOnly && kinds.length > 0)
          command.error("error: --wrapping-only makes no new key; name no kinds beside it");
        const wanted = wrappingOnly ? [] : rotatable(command, tools.kinds, kinds);
        if (!json) return await rotate(tools, wanted, {}, console.log);
        const done: Rotated = {};
        await printSteps(
          done,
          rotate(tools, wanted, done, () => {}),
        );
      }),
    );
}

/** The steps of a rotation that were done; an absent one was not. */
interface Rotated {
  wrapped?: number;
  added?: { readonly kind: RotatableKind; readonly id: string; readonly activeFrom: number }[];
  removed?: number;
}

/** Each step is reported and recorded as soon as it is done, so that it is known if a later one fails. */
async function rotate(
  tools: KeyTools,
  wanted: readonly RotatableKind[],
  done: Rotated,
  tell: (line: string) => void,
): Promise<void> {
  done.wrapped = await tools.rewrap();
  tell(`Wrapped ${counted(done.wrapped, "key")} under the first secret.`);
  done.added = [];
  for (const kind of wanted) {
    const { id, activeFrom } = await tools.rotate(kind);
    tell(`New ${kind} key ${id}, in use from ${new Date(activeFrom).toISOString()}.`);
    done.added.push({ kind, id, activeFrom });
  }
  done.removed = await tools.prune();
  tell(`Removed ${counted(done.removed, "key that is no longer needed", "keys that are no longer needed")}.`);
}

/** Each once, however often it is named. */
function rotatable(
  command: Command,
  known: readonly RotatableKind[],
  kinds: readonly string[],
): RotatableKind[] {
  if (kinds.length === 0) return ["signing"];
  return [...new Set(kinds)].map(
    (kind) =>
      known.find((one) => one === kind) ??
      command.error(`error: there is no kind ${kind} to rotate; there are ${known.join(", ")}`),
  );
}

function retagCommand(): Command {
  return new Command("retag")
    .description("Give every phone a new tag under a new tag key. Until it is done, sign-in answers 503.")
    .option("--json", "print the new key's id, and how many rows were tagged anew, as JSON")
    .addHelpText(
      "after",
      "\nSafe to interrupt: run it again and it continues.\n\nExample:\n  phonekey keys retag",
    )
    .action(({ json }: { json?: boolean }) =>
      withTools(keyTools(settings()), async (tools) => {
        const total = process.stderr.isTTY ? await tools.countToRetag() : 0;
        const progress = createProgress("rows");
        const { keyId, done } = await tools
          .retag((count) => progress.show(count, total > 0 ? count / total : undefined))
          .finally(() => progress.clear());
        console.log(
          json
            ? JSON.stringify({ id: keyId, rows: done })
            : `Tagged ${counted(done, "row")} anew under ${keyId}.`,
        );
      }),
    );
}
