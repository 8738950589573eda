import { describeFailure } from "../cli/failure.ts";
import { settings } from "../cli/settings.ts";
import { CLOSED, type ScfDoors, scfDoorsOf } from "../compose/scf.ts";
import { compose } from "../compose.ts";

/** The part of SCF's context that is used. */
export interface ScfContext {
  callbackWaitsForEmptyEventLoop?: boolean;
}

/** A function that SCF calls. Never rejects because of the content of an event. */
export type Handler<T> = (event: unknown, context?: ScfContext) => Promise<T>;

let doors: ScfDoors | undefined;

/** A handler of this instance. It composes Phonekey once for all its answers. */
export function createHandler<T>(act: (doors: ScfDoors, event: unknown) => Promise<T>): Handler<T> {
  return async (event, context) => {
    // Connections are kept for the next event. They keep nothing alive, but the platform should not have to find that
    // out.
    if (context) context.callbackWaitsForEmptyEventLoop = false;
    return await act(await openDoors(), event);
  };
}

async function openDoors(): Promise<ScfDoors> {
  if (doors) return doors;
  try {
    doors = scfDoorsOf(await compose(settings({ onScf: true })));
    return doors;
  } catch (error) {
    // A setting must be changed. Only the function's log is told, and nobody else.
    console.error(describeFailure(error));
    return CLOSED;
  }
}
