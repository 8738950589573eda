/** How far long work is, on a terminal only. */
export interface Progress {
  /** @param share how much of it is done, 0 to 1, if that is known */
  show(count: number, share?: number): void;
  /** Makes room for another line. */
  clear(): void;
}

const EVERY_MS = 200;

/** @param what the things that are counted, such as `users` */
export function createProgress(what: string): Progress {
  const out = process.stderr;
  const startedAt = performance.now();
  let shownAt = Number.NEGATIVE_INFINITY;
  const write = (text: string) => void out.write(`\r\u001b[K${text}`);
  return {
    show(count, share) {
      const now = performance.now();
      if (!out.isTTY || now < shownAt + EVERY_MS) return;
      shownAt = now;
      write(textOf(what, count, (now - startedAt) / 1000, share));
    },
    clear() {
      if (out.isTTY && shownAt > 0) write("");
    },
  };
}

/** `1200 users, 400 a second, 60 %, 2 s left`. */
function textOf(what: string, count: number, seconds: number, share = 0): string {
  const rate = Math.round(count / seconds);
  const text = `${count} ${what}, ${rate} a second`;
  if (share <= 0) return text;
  const left = Math.ceil((seconds / Math.min(share, 1)) * (1 - Math.min(share, 1)));
  return `${text}, ${Math.floor(Math.min(share, 1) * 100)} %, ${left} s left`;
}
