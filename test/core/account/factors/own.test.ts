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

describe("what counts as second factor", () => {
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
  ] as const)("beside %s, of %o: %o", (first, own, methods) => {
    expect(secondBeside(first, own, NOW)).toEqual(methods);
  });
});

describe("what raises or renews a session", () => {
  const free = aUser("k.tag");
  const guarded = { ...free, loginProtection: "always" } as const;
  const of = (amr: Session["amr"], shownAgoMs = 0) =>
    aSession(free.id, { amr, authTime: NOW - shownAgoMs, createdAt: NOW - DAY });

  test.each([
    ["after a code, the authenticator app", of(["sms"]), both, ["otp"]],
    ["after the password, the authenticator app or a code", of(["pwd"]), both, ["otp", "sms"]],
    ["after password, then app: the app, even if just now", of(["pwd", "otp"]), both, ["otp"]],
    ["after password, then code: the password", of(["pwd", "sms"]), password, ["pwd"]],
    ["after code, then a stale password: the password", of(["sms", "pwd"], SHOWN_MS + 1), password, ["pwd"]],
    ["after code, then a recent password: a code", of(["sms", "pwd"], SHOWN_MS), password, ["sms"]],
  ] as const)("under login protection: %s", (_, session, own, methods) => {
    expect(raisedBy(guarded, session, own, NOW)).toEqual(methods);
  });

  test.each([
    ["after a code, anything the user has", of(["sms"]), both, ["sms", "pwd", "otp"]],
    ["after a code, a code or the app if there is no password", of(["sms"]), app, ["sms", "otp"]],
    ["after a code, only a code if the password was set today", of(["sms"]), resetToday, ["sms"]],
    ["after the password, only the password if it was set today", of(["pwd"]), resetToday, ["pwd"]],
  ] as const)("without login protection: %s", (_, session, own, methods) => {
    expect(raisedBy(free, session, own, NOW)).toEqual(methods);
  });
});

describe("requireRecent with notBy", () => {
  const user = aUser("k.tag");
  const need: Need = { ...SENSITIVE, notBy: ["pwd"] };
  const may = (amr: Session["amr"], openedAgoMs: number) => {
    const session = aSession(user.id, { amr, authTime: NOW, createdAt: NOW - openedAgoMs });
    return requireRecent({ user, session }, need, NOW).ok;
  };

  test("is judged by every factor of a recent session, later only by the last one", () => {
    expect(may(["pwd"], MINUTE)).toBe(false);
    expect(may(["sms", "pwd"], SHOWN_MS)).toBe(true);
    expect(may(["sms", "pwd"], SHOWN_MS + 1)).toBe(false);
    expect(may(["pwd", "sms"], SHOWN_MS + 1)).toBe(true);
    expect(may(["pwd", "sms"], MINUTE)).toBe(true);
  });
});
