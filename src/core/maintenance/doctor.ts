import { counted } from "../counted.ts";
import { HOUR_MS, MINUTE_MS } from "../time.ts";
import type { Check, Finding } from "./ports.ts";

type More = Pick<Finding, "todo">;

export function fine(name: string, says: string): Finding {
  return { name, status: "ok", says };
}

export function doubtful(name: string, says: string, more: More = {}): Finding {
  return { name, status: "warn", says, ...more };
}

export function wrong(name: string, says: string, more: More = {}): Finding {
  return { name, status: "wrong", says, ...more };
}

export interface NamedCheck {
  readonly name: string;
  readonly check: Check;
  /** What to do where it rejects. */
  readonly todo?: string;
}

/**
 * Runs the checks one after the other. One that rejects is a finding like any other: the rest goes on.
 *
 * @param explain tells in a sentence why a check rejected
 */
export async function examine(
  checks: readonly NamedCheck[],
  explain: (error: unknown) => string,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { name, check, todo } of checks) {
    try {
      findings.push(...(await check()));
    } catch (error) {
      findings.push(wrong(name, explain(error), { ...(todo && { todo }) }));
    }
  }
  return findings;
}

const SKEW_WARN_MS = 5_000;
const SKEW_WRONG_MS = MINUTE_MS;

/** Judges how far another machine's clock is from ours; negative is behind. */
export function skewFinding(name: string, skewMs: number): Finding {
  const distance = Math.abs(skewMs);
  if (distance <= SKEW_WARN_MS) return fine(name, "its clock and this machine's agree");
  const says = `its clock is ${Math.round(distance / 1000)} s ${skewMs < 0 ? "behind" : "ahead of"} this machine's`;
  const todo = "Let both machines take their time from the same NTP servers.";
  return distance > SKEW_WRONG_MS ? wrong(name, says, { todo }) : doubtful(name, says, { todo });
}

/** A server does the work every minute; after this, several were missed. */
const TICK_LATE_MS = HOUR_MS;

/**
 * Judges when periodic work was last done.
 *
 * @param finishedAt undefined when it never was
 * @param since when this installation began
 */
export function tickFinding(finishedAt: number | undefined, since: number, now: number): Finding {
  const late = now - (finishedAt ?? since);
  const todo =
    "Keep a server running, or have cron or a timer run `phonekey tick` every few minutes. " +
    "Until then nothing old is deleted.";
  if (late > TICK_LATE_MS) {
    const says = finishedAt ? `was last done ${spanOf(late)} ago` : "was never done";
    return doubtful("periodic work", says, { todo });
  }
  const done = finishedAt ? `was done ${spanOf(Math.max(0, late))} ago` : "has not been due yet";
  return fine("periodic work", done);
}

function spanOf(ms: number): string {
  const minutes = Math.floor(ms / MINUTE_MS);
  if (minutes < 1) return "less than a minute";
  if (minutes < 120) return counted(minutes, "minute");
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.floor(hours / 24)} days`;
}
