/** Lets one caller through at a time, in the order in which they came. */
export interface Lane {
  /** Resolves when it is the caller's turn, with the function that ends the turn. */
  enter(): Promise<() => void>;
}

export function createLane(): Lane {
  let last: Promise<void> = Promise.resolve();
  return {
    enter() {
      const before = last;
      const { promise, leave } = turn();
      last = promise;
      return before.then(() => leave);
    },
  };
}

function turn(): { promise: Promise<void>; leave: () => void } {
  let leave = () => {};
  const promise = new Promise<void>((resolve) => {
    leave = resolve;
  });
  return { promise, leave };
}
