import { expect, test } from "vitest";
import { apply, type Books, createBooks, tidy } from "../../../../src/core/protection/limits/counts/books.ts";
import { decideTake } from "../../../../src/core/protection/limits/counts/decide.ts";

const MINUTE = 60_000;
const NOW = 1_700_000_000_000;
const TAKES = 3_000;
const KEYS = ["phone", "side", "unconverted", "address", "prefix", "network", "device", "browser"];

/** The take of a new caller, on keys of its own. */
function takeBy(n: number, now: number) {
  const windows = [{ max: 1, windowMs: MINUTE }];
  const limits = KEYS.map((name) => ({ name, key: `${name}:${n}`, windows }));
  const lease = { key: `lease:${n}`, wanted: 3, cap: 6, expiresAt: now + MINUTE };
  return { member: `${n}`, limits, lease };
}

/** How many of all keys are still there. */
function kept({ events, leases }: Books) {
  const all = Array.from({ length: TAKES }, (_, n) => n);
  const on = all.flatMap((n) => KEYS.filter((name) => events.on(`${name}:${n}`)));
  return { events: on.length, leases: all.filter((n) => leases.find(`lease:${n}`, `${n}`)).length };
}

test.each([
  ["if one process counts", 1],
  ["if nine other processes count, too", 10],
])("books forget what no limit looks at any more as fast as new events come, %s", (_, processes) => {
  const books = createBooks();
  for (let n = 0; n < TAKES; n++) {
    const now = NOW + n * 1_000;
    apply(books, decideTake(books, takeBy(n, now), now).change);
    // A settlement tells no time.
    tidy(books, n % processes === 0 ? now : 0);
  }
  // Those of the last two minutes matter, or could by a clock that is set back.
  const live = 121;
  expect(kept(books).events).toBeLessThan(3 * live * KEYS.length);
  expect(kept(books).leases).toBeLessThan(3 * live);
});
