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
    "one that is %s three times in a row comes last",
    (status) => {
      const { order, fail } = set();
      fail("first", 2, status);
      expect(order()).toEqual(["first", "second", "third"]);
      fail("first", 1, status);
      expect(order()).toEqual(["second", "third", "first"]);
    },
  );

  test.each(ANSWERED)("one that answers (%s) begins anew", (status) => {
    const { order, fail, circuit } = set();
    fail("first", 2);
    circuit.note("first", status);
    fail("first", 2);
    expect(order()).toEqual(["first", "second", "third"]);
    fail("first", 1);
    circuit.note("first", status);
    expect(order()).toEqual(["first", "second", "third"]);
  });

  test("after a minute one message tries it in its place, and others wait for what it says", () => {
    const { clock, order, fail } = set();
    fail("first", 3);
    clock.advance(MINUTE - 1);
    expect(order()[0]).toBe("second");
    clock.advance(1);
    expect(order()).toEqual(["first", "second", "third"]);
    expect(order()).toEqual(["second", "third", "first"]);
    // Nobody heard what it said: a minute later the next message tries.
    clock.advance(MINUTE);
    expect(order()[0]).toBe("first");
  });

  test("where all are held the first is tried all the same", () => {
    const { order, fail } = set();
    for (const { name } of ROUTE) fail(name, 3);
    expect(order()).toEqual(["first", "second", "third"]);
  });

  test("a clock that was set back holds nobody", () => {
    const { clock, order, fail } = set();
    fail("first", 3);
    clock.advance(-HOUR);
    expect(order()[0]).toBe("first");
  });
});

describe("what the operator is told", () => {
  test("that it fails for longer than a pause, every five minutes, and that it is over, once", () => {
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
    // Else a process that it answers would end what one that it does not answer says.
    clock.advance(HOUR);
    expect(circuit.note("first", "accepted")).toBeUndefined();
  });

  test("nothing of a few failures, however far apart", () => {
    const { clock, fail } = set();
    for (let n = 0; n < 3; n += 1) {
      expect(fail("first")).toEqual([]);
      clock.advance(HOUR);
    }
    expect(fail("first")).toEqual(["down"]);
  });

  test("that it is up, the first time in a process: an earlier one may have said otherwise", () => {
    const { circuit, fail } = set();
    fail("first", 2);
    expect(circuit.note("first", "accepted")).toBe("up");
    expect(circuit.note("first", "accepted")).toBeUndefined();
  });
});

test("whatever happens: none is left out or tried twice, and one is held only within a minute of three failures in a row", () => {
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
