import type { Deadline } from "../../core/delivery/ports.ts";

/** A deadline whose timer ends with the work, unlike that of `AbortSignal.timeout`. */
export function deadlineIn(ms: number): Deadline {
  let controller: AbortController | undefined;
  let isOver = false;
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      isOver = true;
      controller?.abort(timeIsOver());
      setImmediate(resolve);
    }, ms).unref();
    end = () => clearTimeout(timer);
  });
  return {
    over,
    signal() {
      controller ??= new AbortController();
      if (isOver) controller.abort(timeIsOver());
      return controller.signal;
    },
    end,
  };
}

function timeIsOver(): DOMException {
  return new DOMException("The time is over.", "TimeoutError");
}
