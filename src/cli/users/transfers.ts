import { counted } from "../../core/counted.ts";
import type { ImportCounts, Imported, ImportNote, ImportWatch } from "../../core/transfer/import.ts";
import { onInterrupt } from "../interrupt.ts";
import { createProgress } from "../progress.ts";

interface ImportOptions {
  readonly json?: boolean;
  /** How much of the source was read, 0 to 1; undefined if that is not known. */
  readonly share: (counts: ImportCounts) => number | undefined;
}

/** Runs an import, reports what happens, and sets the exit code: 1 unless everybody of the source is here now. */
export async function runImport(
  run: (watch: ImportWatch) => Promise<Imported>,
  { json, share }: ImportOptions,
): Promise<void> {
  const interrupt = onInterrupt();
  const progress = createProgress("users");
  const { complete, ...counts } = await run({
    onNote(note) {
      progress.clear();
      console.error(noteText(note));
    },
    onProgress: (soFar) => progress.show(soFar.read, share(soFar)),
    isStopped: interrupt.isAsked,
  }).finally(() => {
    progress.clear();
    interrupt.forget();
  });
  console.log(json ? JSON.stringify({ ...counts, interrupted: !complete }) : summary(counts, !complete));
  if (!complete || counts.refused > 0 || counts.conflicting > 0) process.exitCode = 1;
}

/** `line 12: refused: phone: invalid_phone`; contains no value that was read. */
function noteText({ place, kind, refusal }: ImportNote): string {
  const { code, field, detail } = refusal;
  return [place, kind, field, detail ?? code].filter((part) => part !== undefined).join(": ");
}

function summary(counts: ImportCounts, interrupted: boolean): string {
  const { read, imported, alreadyThere, conflicting, refused } = counts;
  const lines = [
    `Imported ${imported} of ${counted(read, "user")}. Imported users are unproven until their first code.`,
    `${alreadyThere} existed already, ${conflicting} left out because another user has their id or phone, ${refused} refused.`,
  ];
  if (interrupted) lines.push("Interrupted. Run it again and it goes on.");
  return lines.join("\n");
}
