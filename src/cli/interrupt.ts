import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Whether the person at the terminal asked to stop. The first signal asks; the second ends the process at once. */
export interface Interrupt {
  isAsked(): boolean;
  /** Leaves the signals to Node.js again. */
  forget(): void;
}

export function onInterrupt(): Interrupt {
  let asked = false;
  const ask = () => {
    asked = true;
    forget();
  };
  const forget = () => {
    for (const signal of SIGNALS) process.off(signal, ask);
  };
  for (const signal of SIGNALS) process.on(signal, ask);
  return { isAsked: () => asked, forget };
}

/**
 * Ends the process by a signal that nothing else listens for. Processes do that by themselves, except the first process
 * of a container: the kernel withholds signals from it that it does not listen for.
 */
export function endBySignals(): void {
  if (process.pid !== 1) return;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}
