import { setImmediate } from "node:timers/promises";
import type { Composed } from "../compose.ts";
import { closedDoors, createScfDoors, type ScfDoors } from "../http/scf/doors.ts";

export type { ScfDoors };

/** The doors that event functions call, of a Phonekey that was composed for SCF. */
export function scfDoorsOf({ app, arrive }: Composed): ScfDoors {
  if (!arrive) throw new Error("this Phonekey was not composed for SCF");
  const doors = createScfDoors(app, arrive);
  return {
    answer: (event) => hearOfLostConnections().then(() => doors.answer(event)),
    call: (name, event) => hearOfLostConnections().then(() => doors.call(name, event)),
  };
}

/** The answers of event functions as long as nothing can be composed, because a setting must be changed first. */
export const CLOSED = closedDoors({ code: "unavailable", retryAfterSeconds: 60 });

/** One turn of the event loop to read that the other side closed, one to act on it. */
const TURNS = 2;

/**
 * A function is frozen between two events, and the end of its connections meanwhile stays unread. A caller that used
 * such a connection at once would find it dead.
 */
async function hearOfLostConnections(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await setImmediate();
}
