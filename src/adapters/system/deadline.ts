import type { Deadline } from "../../core/delivery/ports.ts";

/** Nothing of it is left once what it was for is done, unlike with `AbortSignal.timeout`. */
export function deadlineIn(ms: number): Deadline {
  let end = () => {};
  let isOver = false;
  const over = new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      isOver = true;
      resolve();
    }, ms).unref();
    end = () => clearTimeout(timer);
  });
  let signal: AbortSignal | undefined;
  return {
    over,
    signal() {
      signal ??= isOver ? AbortSignal.abort(timeIsOver()) : abortedAfter(over);
      return signal;
    },
    end,
  };
}

function abortedAfter(over: Promise<void>): AbortSignal {
  const controller = new AbortController();
  void over.then(() => controller.abort(timeIsOver()));
  return controller.signal;
}

function timeIsOver(): DOMException {
  return new DOMException("The time is over.", "TimeoutError");
}
