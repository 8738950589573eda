import type { Deadline } from "../../core/delivery/ports.ts";

/** What `AbortSignal.timeout` is, but nothing of it is left once what it was for is done. */
export function deadlineIn(ms: number): Deadline {
  const controller = new AbortController();
  const isOver = () => controller.abort(new DOMException("The time is over.", "TimeoutError"));
  const timer = setTimeout(isOver, ms).unref();
  return { signal: controller.signal, end: () => clearTimeout(timer) };
}
