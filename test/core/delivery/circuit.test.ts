import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCircuit } from "../../../src/core/delivery/circuit.ts";
import type { SendStatus } from "../../../src/core/delivery/ports.ts";
import { createTestClock } from "../../support/clock.ts";
import { HOUR, MINUTE, SECOND } from "../times.ts";

const ROUTE = [{ name: "first" }, { name: "second" }, { name: "third" }];
const ANSWERED = ["accepted", "bad_number", "throttled", "rejected"] as const;

function set(route = ROUTE) {
  const clock = createTestClock();
  const circuit = createCircuit(clock);
  const order = () => circuit.order(route).map(({ name }) => name);
  const fail = (sender: string, times = 1, status: SendStatus = "unavailable") =>
    Array.from({ length: times }, () => circuit.note(sender, status)).filter((told) => told === "down");
  return { clock, circuit, order, fail };
}

describe("the order of senders", () => {
  test.each(["unavailable", "unknown"] as const)(
    "puts a sender last that is %s three times in a row",
    (status) => {
      const { order, fail } = set();
      fail("first", 2, status);
      expect(order()).toEqual(["first", "second", "third"]);
      fail("first", 1, status);
      expect(order()).toEqual(["second", "third", "first"]);
    },
  );

  test.each(ANSWERED)("forgets the failures of a sender that answers (%s)", (status) => {
    const { order, fail, circuit } = set();
    fail("first", 2);
    circuit.note("first", status);
    fail("first", 2);
    expect(order()).toEqual(["first", "second", "third"]);
    fail("first", 1);
    circuit.note("first", status);
    expect(order()).toEqual(["first", "second", "third"]);
  });

  test("after a minute puts the failed sender in its place for one message, until that has an answer", () => {
    const { clock, order, fail } = set();
    fail("first", 3);
    clock.advance(MINUTE - 1);
    expect(order()[0]).toBe("second");
    clock.advance(1);
    expect(order()).toEqual(["first", "second", "third"]);
    expect(order()).toEqual(["second", "third", "first"]);
    // No answer was noted: a minute later the next message tries.
    clock.advance(MINUTE);
    expect(order()[0]).toBe("first");
  });

  test("is that of the route if all senders failed", () => {
    const { order, fail } = set();
    for (const { name } of ROUTE) fail(name, 3);
    expect(order()).toEqual(["first", "second", "third"]);
  });

  test("is that of the route if the clock was set back", () => {
    const { clock, order, fail } = set();
    fail("first", 3);
    clock.advance(-HOUR);
    expect(order()[0]).toBe("first");
  });
});

describe("what the operator is told", () => {
  test("that a sender still fails after a minute, every five minutes; and once that it is over", () => {
    const { clock, circuit, fail } = set();
    expect(circuit.note("first", "accepted")).toBe("up");
    expect(fail("first", 10)).toEqual([]);
    clock.advance(MINUTE);
    expect(fail("first", 10)).toEqual(["down"]);
    clock.advance(5 * MINUTE - 1);
    expect(fail("first", 10)).toEqual([]);
    clock.advance(1);
    expect(fail("first", 10)).toEqual(["down"]);
    expect([circuit.note("first", "rejected"), circuit.note("first", "accepted")]).toEqual(["up", undefined]);
    // Otherwise a process that reaches the sender would clear the alert of a process that does not.
    clock.advance(HOUR);
    expect(circuit.note("first", "accepted")).toBeUndefined();
  });

  test("nothing of three failures, however far apart", () => {
    const { clock, fail } = set();
    for (let n = 0; n < 3; n += 1) {
      expect(fail("first")).toEqual([]);
      clock.advance(HOUR);
    }
    expect(fail("first")).toEqual(["down"]);
  });

  test("that a sender is up at its first answer in a process: an earlier process may have told that it is down", () => {
    const { circuit, fail } = set();
    fail("first", 2);
    expect(circuit.note("first", "accepted")).toBe("up");
    expect(circuit.note("first", "accepted")).toBeUndefined();
  });
});

test("in any sequence each sender is in the order once, and is put last only within a minute of three failures in a row", () => {
  const step = fc.record({
    ms: fc.constantFrom(0, SECOND, MINUTE - 1, MINUTE),
    sender: fc.nat(ROUTE.length - 1),
    status: fc.constantFrom<SendStatus>("unavailable", "unknown", ...ANSWERED),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { clock, circuit, order } = set();
      const last = ROUTE.map(() => ({ failures: 0, at: clock.now() }));
      for (const { ms, sender, status } of steps) {
        clock.advance(ms);
        const given = order();
        expect(given.toSorted()).toEqual(ROUTE.map(({ name }) => name));
        const isDown = ({ failures }: { failures: number }) => failures >= 3;
        const isFree = last.map((one) => !isDown(one) || clock.now() - one.at >= MINUTE);
        const free = ROUTE.filter((_, index) => isFree[index]).map(({ name }) => name);
        expect(given.slice(0, free.length)).toEqual(free);
        const tried = last[ROUTE.findIndex(({ name }) => name === given[0])];
        if (tried) tried.at = clock.now();

        circuit.note(ROUTE[sender]?.name ?? "", status);
        const noted = last[sender];
        if (!noted) continue;
        const isAnswered = (ANSWERED as readonly string[]).includes(status);
        last[sender] = isAnswered
          ? { ...noted, failures: 0 }
          : { failures: noted.failures + 1, at: clock.now() };
      }
    }),
  );
});
