import { settingsSchema } from "../../config/schema.ts";
import { type Setting, settings } from "../../config/setting.ts";
import { REFUSALS } from "../../core/refusals.ts";
import { REMEDIES } from "./remedies.ts";

/** A document that is made from the source. `path` starts at the repository's root. */
interface Generated {
  readonly path: string;
  readonly text: string;
}

/** `docs/configuration.md` and `docs/errors.md`, generated from the present code. */
export function generatedDocs(): readonly Generated[] {
  return [
    { path: "docs/configuration.md", text: configurationPage() },
    { path: "docs/errors.md", text: errorsPage() },
  ];
}

const NOTICE = "<!-- Made by `npm run docs` from the source. Changes made here are lost. -->";

interface Variable extends Setting {
  readonly name: string;
}

function variables(): Variable[] {
  return Object.entries(settingsSchema.shape).map(([name, schema]) => {
    const setting = settings.get(schema);
    if (!setting) throw new Error(`${name} has no sentence`);
    return { name, ...setting };
  });
}

function configurationPage(): string {
  const all = variables();
  const parts = [...new Set(all.map(({ part }) => part))];
  return page([
    "# Settings",
    NOTICE,
    "Phonekey reads its settings from environment variables, once, when it starts. For development you need none: " +
      "`npm start` works without any.",
    "- A variable that is empty or blank counts as not set. Spaces around a value are dropped.\n" +
      "- In lists, values are separated by commas.\n" +
      "- If something is wrong, Phonekey does not start and names every problem at once, never showing a value.\n" +
      "- A name that looks like a misspelling of one of these is a warning.",
    "## Production",
    "The rules for production apply with `NODE_ENV=production`, and also as soon as a real sender is combined with a " +
      "public `https` address in `PUBLIC_URL`. Then Phonekey also does not start in these cases:",
    table(["Variable", "Phonekey does not start when"], stops(all)),
    "In development too, it does not start if values cannot be read or do not fit together, or if a setting is missing that " +
      "a chosen part needs, such as `SMS_WEBHOOK` for the sender `webhook`. Everything else that looks wrong is a warning in " +
      "the log.",
    ...parts.flatMap((part) => [`## ${part}`, partTable(all.filter((variable) => variable.part === part))]),
  ]);
}

function stops(all: readonly Variable[]): string[][] {
  return all.flatMap(({ name, stopsProduction }) =>
    stopsProduction ? [[`\`${name}\``, stopsProduction]] : [],
  );
}

function partTable(rows: readonly Variable[]): string {
  return table(
    ["Variable", "Default", "What it is for"],
    rows.map(({ name, fallback, sentence, expects }) => [
      `\`${name}\``,
      fallback,
      `${sentence}<br>*Value:* ${expects}.`,
    ]),
  );
}

function errorsPage(): string {
  const rows = Object.entries(REFUSALS).map(([code, { status, en, zh }]) => [
    `<a id="${code}"></a>\`${code}\``,
    String(status),
    `${en}<br>${zh}`,
    REMEDIES[code as keyof typeof REMEDIES],
  ]);
  return page([
    "# Errors",
    NOTICE,
    "Every refusal of the native API is a problem document (RFC 9457, `application/problem+json`). Decide by `code`: " +
      "it never changes. `title` is the text for people, in the language of the request; `field` and `detail`, if " +
      "present, tell developers which part of the request is wrong. `retryAfter` is the number of seconds to " +
      "wait, also in the header `Retry-After`. Quote the `requestId` when you ask for help: the log has it too.",
    table(["Code", "Status", "Text", "What to do"], rows),
  ]);
}

function page(blocks: readonly string[]): string {
  return `${blocks.join("\n\n")}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}
