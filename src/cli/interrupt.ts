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
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.once(signal, ask);
  return {
    isAsked: () => asked,
    forget: () => {
      for (const signal of signals) process.off(signal, ask);
    },
  };
}
