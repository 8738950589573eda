import { describe, expect, test } from "vitest";
import { type Own, raisedBy, secondBeside } from "../../../../src/core/account/factors/own.ts";
import type { Session } from "../../../../src/core/session/ports.ts";
import { type Need, requireRecent, SENSITIVE } from "../../../../src/core/session/requirements.ts";
import { aSession, aUser, NOW } from "../../../contracts/samples.ts";
import { DAY, MINUTE } from "../../times.ts";

const SHOWN_MS = SENSITIVE.withinMs;
const nothing: Own = { strong: [] };
const app: Own = { strong: ["otp"] };
const password: Own = { strong: [], passwordSureFrom: 0 };
const both: Own = { strong: ["otp"], passwordSureFrom: 0 };
const resetToday: Own = { strong: [], passwordSureFrom: NOW + 1 };

describe("what counts beside a first factor", () => {
  test.each([
    ["sms", nothing, []],
    ["sms", app, ["otp"]],
    ["sms", password, ["pwd"]],
    ["sms", both, ["otp"]],
    ["sms", resetToday, []],
    ["sms", { strong: [], passwordSureFrom: NOW }, ["pwd"]],
    ["pwd", password, ["sms"]],
    ["pwd", both, ["otp", "sms"]],
    ["pwd", { ...both, passwordSureFrom: NOW + 1 }, ["otp"]],
    ["pwd", resetToday, []],
  ] as const)("%s, of %o: %o", (first, own, methods) => {
    expect(secondBeside(first, own, NOW)).toEqual(methods);
  });
});

describe("what raises a session, or renews it", () => {
  const free = aUser("k.tag");
  const guarded = { ...free, loginProtection: "always" } as const;
  const of = (amr: Session["amr"], shownAgoMs = 0) =>
    aSession(free.id, { amr, authTime: NOW - shownAgoMs, createdAt: NOW - DAY });

  test.each([
    ["the first factor, where it was a code", of(["sms"]), both, ["otp"]],
    ["the first factor, where it was the password", of(["pwd"]), both, ["otp", "sms"]],
    ["two factors by no number, also just now", of(["pwd", "otp"]), both, ["otp"]],
    ["nor where the number was the last of them", of(["pwd", "sms"]), password, ["pwd"]],
    ["two by the password first", of(["sms", "pwd"], SHOWN_MS + 1), password, ["pwd"]],
    ["and by the number beside a password of just now", of(["sms", "pwd"], SHOWN_MS), password, ["sms"]],
  ] as const)("under login protection: %s", (_, session, own, methods) => {
    expect(raisedBy(guarded, session, own, NOW)).toEqual(methods);
  });

  test.each([
    ["anything the user has", of(["sms"]), both, ["sms", "pwd", "otp"]],
    ["a code where there is no password", of(["sms"]), app, ["sms", "otp"]],
    ["not both of a code and what it set today", of(["sms"]), resetToday, ["sms"]],
    ["whichever of the two it has", of(["pwd"]), resetToday, ["pwd"]],
  ] as const)("without it: %s", (_, session, own, methods) => {
    expect(raisedBy(free, session, own, NOW)).toEqual(methods);
  });
});

describe("what one factor alone does not confirm", () => {
  const user = aUser("k.tag");
  const need: Need = { ...SENSITIVE, notBy: ["pwd"] };
  const may = (amr: Session["amr"], openedAgoMs: number) => {
    const session = aSession(user.id, { amr, authTime: NOW, createdAt: NOW - openedAgoMs });
    return requireRecent({ user, session }, need, NOW).ok;
  };

  test("is judged by all that was shown in time: everything in a new session, else what raised it last", () => {
    expect(may(["pwd"], MINUTE)).toBe(false);
    expect(may(["sms", "pwd"], SHOWN_MS)).toBe(true);
    expect(may(["sms", "pwd"], SHOWN_MS + 1)).toBe(false);
    expect(may(["pwd", "sms"], SHOWN_MS + 1)).toBe(true);
    expect(may(["pwd", "sms"], MINUTE)).toBe(true);
  });
});
