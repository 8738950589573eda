import type { Clock } from "../ports.ts";
import { MINUTE_MS } from "../time.ts";
import type { SendStatus, SmsSender } from "./ports.ts";

/** After this many tries in a row without an answer a sender is held. */
const MOST_FAILURES = 3;
/** While a sender is held, one message in this time still tries it in its usual place. */
const PAUSE_MS = MINUTE_MS;
/** `down` is told again after this: meanwhile another process, which the sender does answer, may have said `up`. */
const AGAIN_MS = 5 * MINUTE_MS;
/**
 * Outcomes that may have cost a person the whole time of a try. A sender that refuses, for whatever reason, answers
 * quickly.
 */
const UNANSWERED: readonly SendStatus[] = ["unavailable", "unknown"];

/**
 * A circuit breaker for each sender, in the memory of this process, so that an outage of one costs few people the time
 * of its tries. No sender is left out: held ones come last.
 */
export interface Circuit {
  /** The senders in the order in which the next message tries them. To be called once a message. */
  order<S extends Pick<SmsSender, "name">>(route: readonly S[]): readonly S[];
  /**
   * Notes how a try ended.
   *
   * @returns `down` once the sender has failed for longer than a pause, and at intervals while that goes on; `up` once
   *   it answers after that. The first answer in this process is `up` too: an earlier process may have said `down`.
   */
  note(sender: string, status: SendStatus): "down" | "up" | undefined;
}

interface State {
  /** Tries in a row without an answer, until now. */
  failures: number;
  /** When the first of them was, epoch milliseconds. */
  failsSince: number;
  /** When it last was the first of a message's senders, or last failed, epoch milliseconds. */
  triedAt: number;
  told?: { readonly what: "down" | "up"; readonly at: number };
}

export function createCircuit(clock: Clock): Circuit {
  const states = new Map<string, State>();
  const stateOf = (name: string): State => {
    const state = states.get(name) ?? { failures: 0, failsSince: 0, triedAt: 0 };
    states.set(name, state);
    return state;
  };
  /** If the clock was set back, no sender is held. */
  const isHeld = (name: string, now: number) => {
    const { failures, triedAt } = stateOf(name);
    return failures >= MOST_FAILURES && Math.abs(now - triedAt) < PAUSE_MS;
  };

  return {
    order(route) {
      const now = clock.now();
      const held = route.filter(({ name }) => isHeld(name, now));
      const ordered = [...route.filter((sender) => !held.includes(sender)), ...held];
      const [first] = ordered;
      // Messages that come meanwhile do not try it first as well.
      if (first) stateOf(first.name).triedAt = now;
      return ordered;
    },

    note(sender, status) {
      const now = clock.now();
      const state = stateOf(sender);
      if (!UNANSWERED.includes(status)) {
        state.failures = 0;
        return tell(state, "up", now);
      }
      if (state.failures === 0) state.failsSince = now;
      state.failures += 1;
      state.triedAt = now;
      const isDown = state.failures > MOST_FAILURES && now - state.failsSince >= PAUSE_MS;
      return isDown ? tell(state, "down", now) : undefined;
    },
  };
}

function tell<T extends "down" | "up">(state: State, what: T, now: number): T | undefined {
  const { told } = state;
  const isAgain = what === "down" && told !== undefined && now - told.at >= AGAIN_MS;
  if (told?.what === what && !isAgain) return undefined;
  state.told = { what, at: now };
  return what;
}
