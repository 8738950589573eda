import { beforeEach, describe, expect, test } from "vitest";
import type { Phone } from "../../../src/core/phone.ts";
import { sha256 } from "../../../src/core/secrets.ts";
import { redeemHandover } from "../../../src/core/session/handover.ts";
import type { Session } from "../../../src/core/session/ports.ts";
import type { SignedIn } from "../../../src/core/session/session.ts";
import { createRules, DAY, HOUR, MINUTE, PHONE, type Rules, SECOND, wrongCode } from "../rules.ts";

const VERIFIER = "v".repeat(43);

describe("a handover", () => {
  let rules: Rules;
  let page: SignedIn;
  beforeEach(async () => {
    rules = await createRules();
    page = (await rules.knownDevice()).signedIn;
  });

  const issue = () => rules.phonekey().signIn.handOver(page, sha256(VERIFIER));
  const redeem = async (handover: string, codeVerifier = VERIFIER) => {
    const redeemed = await rules.phonekey().signIn.byHandover({ handover, codeVerifier, userAgent: "app" });
    return redeemed.ok ? "ok" : redeemed.refusal.code;
  };
  const principal = () => ({ user: page.user, session: page.session });

  test("opens at most one session, only with its verifier; several uses at once leave none open", async () => {
    const handover = await issue();
    expect(await redeem(handover, "w".repeat(43))).toBe("invalid_handover");
    const uses = await Promise.all(Array.from({ length: 10 }, () => redeem(handover)));
    expect(uses.filter((use) => use === "ok").length).toBeLessThanOrEqual(1);
    expect(await redeem(handover)).toBe("invalid_handover");
    expect(await rules.phonekey().sessions.list(principal())).toHaveLength(1);
  });

  test("that is used again ends the session that it opened, but only with its verifier", async () => {
    const { sessions } = rules.phonekey();
    const open = async () => (await sessions.list(principal())).map(({ id }) => id);
    const handover = await issue();
    expect(await redeem(handover)).toBe("ok");
    expect(await redeem(handover, "w".repeat(43))).toBe("invalid_handover");
    expect(await open()).toHaveLength(2);
    expect(await redeem(handover)).toBe("invalid_handover");
    expect(await open()).toEqual([page.session.id]);
    // It stays refused.
    expect(await redeem(handover)).toBe("invalid_handover");
  });

  test("that is used again ends the session that it opened even if the page's session has ended", async () => {
    const { sessions } = rules.phonekey();
    const handover = await issue();
    const input = { handover, codeVerifier: VERIFIER, userAgent: "app" };
    const redeemed = await rules.phonekey().signIn.byHandover(input);
    if (!redeemed.ok) throw new Error(redeemed.refusal.code);
    await sessions.end(principal(), page.session.id);
    expect(await sessions.list(principal())).toHaveLength(1);
    expect(await redeem(handover)).toBe("invalid_handover");
    expect(await sessions.list(principal())).toEqual([]);
  });

  test("that is used again makes the device of its first use a stranger", async () => {
    const { sessions } = rules.phonekey();
    const handover = await issue();
    const input = { handover, codeVerifier: VERIFIER, userAgent: "app" };
    const first = await rules.phonekey().signIn.byHandover(input);
    if (!first.ok) throw new Error(first.refusal.code);
    const { deviceToken } = await sessions.tokens(first.value);
    expect(await redeem(handover)).toBe("invalid_handover");
    const { id, code } = await rules.started({ deviceToken });
    await rules.guess(id, wrongCode(code), { deviceToken });
    expect(await rules.ledger("device")).toEqual([]);
    expect(await rules.ledger("stranger")).toHaveLength(1);
  });

  test("is valid for a minute, and for one use", async () => {
    const handover = await issue();
    rules.clock.advance(MINUTE - 1);
    expect(await redeem(handover)).toBe("ok");
    const late = await issue();
    rules.clock.advance(MINUTE);
    expect(await redeem(late)).toBe("invalid_handover");
    // Last, since it voids all that was issued before.
    const used = await issue();
    expect(await redeem(used)).toBe("ok");
    rules.clock.advance(50 * SECOND);
    expect(await redeem(used)).toBe("invalid_handover");
  });

  test("tells whether the sign-in created the user", async () => {
    const createdOf = async () => {
      const input = { handover: await issue(), codeVerifier: VERIFIER, userAgent: "app" };
      const redeemed = await rules.phonekey().signIn.byHandover(input);
      return redeemed.ok && redeemed.value.created;
    };
    expect(await createdOf()).toBe(true);
    page = (await rules.knownDevice()).signedIn;
    expect(await createdOf()).toBe(false);
  });

  test("opens a session on the device of the device token if that is known for this phone, else on a new one", async () => {
    const { deviceToken: known } = await rules.phonekey().sessions.tokens(page);
    const { deviceToken: foreign } = (await rules.knownDevice("+8613900139000")).client;
    const deviceOf = async (deviceToken?: string) => {
      const input = { handover: await issue(), codeVerifier: VERIFIER, userAgent: "app" };
      const redeemed = await rules
        .phonekey()
        .signIn.byHandover({ ...input, ...(deviceToken && { deviceToken }) });
      return redeemed.ok && redeemed.value.session.deviceId;
    };
    expect(await deviceOf(known)).toBe(page.session.deviceId);
    const others = [await deviceOf(), await deviceOf(foreign), await deviceOf("forged")];
    expect(others).not.toContain(page.session.deviceId);
    expect(new Set(others).size).toBe(3);
  });

  test("is refused once the page's session has ended", async () => {
    const { sessions } = rules.phonekey();
    const handover = await issue();
    await sessions.end(principal(), page.session.id);
    expect(await redeem(handover)).toBe("invalid_handover");
    expect(await sessions.list(principal())).toEqual([]);
  });

  test("records no sign-in if the page's session has ended", async () => {
    const { sessions } = rules.phonekey();
    const { accounts } = rules.deps();
    const handover = await issue();
    await sessions.end(principal(), page.session.id);
    const before = await accounts.read(page.user.id, []);
    expect(await redeem(handover)).toBe("invalid_handover");
    expect(await accounts.read(page.user.id, [])).toEqual(before);
  });

  test("opens a test session from a test session, with the same end", async () => {
    const testNumber = { phone: PHONE as Phone, code: "405938", until: rules.clock.now() + DAY };
    rules = await createRules({ settings: { testNumbers: [testNumber] } });
    page = (await rules.knownDevice()).signedIn;
    rules.clock.advance(SECOND);
    const input = { handover: await issue(), codeVerifier: VERIFIER, userAgent: "app" };
    const redeemed = await rules.phonekey().signIn.byHandover(input);
    if (!redeemed.ok) throw new Error(redeemed.refusal.code);
    expect(redeemed.value.session).toMatchObject({ isTest: true, expiresAt: testNumber.until });
    const found = await rules.deps().sessions.find(redeemed.value.session.id);
    expect(found?.session).toMatchObject({ isTest: true, expiresAt: testNumber.until });
  });

  test("opens a session that ends when the page's does, however late it is redeemed", async () => {
    const days = 10;
    for (let day = 0; day < days; day++) {
      rules.clock.advance(DAY);
      await rules.deps().sessions.touch(page.session.id, rules.clock.now());
    }
    const input = { handover: await issue(), codeVerifier: VERIFIER, userAgent: "app" };
    const redeemed = await rules.phonekey().signIn.byHandover(input);
    if (!redeemed.ok) throw new Error(redeemed.refusal.code);
    const { createdAt, expiresAt } = page.session;
    expect(redeemed.value.session).toMatchObject({ createdAt, expiresAt });
  });

  test("is refused once all sessions, or all other ones, were ended", async () => {
    const { sessions } = rules.phonekey();
    const first = await issue();
    await sessions.endOthers(principal());
    expect(await redeem(first)).toBe("invalid_handover");
    const second = await issue();
    await sessions.endAll(principal());
    expect(await redeem(second)).toBe("invalid_handover");
    expect(await sessions.list(principal())).toEqual([]);
  });

  test("that is redeemed while all sessions are ended leaves none open", async () => {
    const { sessions } = rules.phonekey();
    const handovers = await Promise.all(Array.from({ length: 5 }, issue));
    const ending = sessions.endAll(principal());
    await Promise.all([...handovers.map((handover) => redeem(handover)), ending]);
    expect(await sessions.list(principal())).toEqual([]);
  });

  test("is refused if the page's session ends meanwhile, and the session that it opened is ended, too", async () => {
    const { sessions } = rules.phonekey();
    const deps = rules.deps();
    const handover = await issue();
    let opened = "";
    const meanwhile = {
      ...deps,
      sessions: {
        ...deps.sessions,
        async open(session: Session) {
          await sessions.end(principal(), page.session.id);
          opened = session.id;
          return await deps.sessions.open(session);
        },
      },
    };
    const input = { handover, codeVerifier: VERIFIER, userAgent: "app" };
    expect(await redeemHandover(meanwhile, input)).toMatchObject({ refusal: { code: "invalid_handover" } });
    const found = await deps.sessions.find(opened);
    expect(found?.session.endedAt).toBe(rules.clock.now());
  });

  test("opens a session with the age, the factors and the duty to set a password of the page's", async () => {
    const wanted = { phone: PHONE, purpose: "temporary_password", locale: "en", client: {} } as const;
    const started = await rules.phonekey().verifications.start(wanted);
    if (!started.ok) throw new Error(started.refusal.code);
    const { id: verificationId } = started.value;
    const code = await rules.codeOf(verificationId);
    const signedIn = await rules
      .phonekey()
      .signIn.byCode({ verificationId, code, client: {}, userAgent: "" });
    if (!signedIn.ok) throw new Error(signedIn.refusal.code);
    page = signedIn.value;
    const { createdAt, authTime, amr } = page.session;
    rules.clock.advance(SECOND);
    const input = { handover: await issue(), codeVerifier: VERIFIER, userAgent: "app" };
    rules.clock.advance(SECOND);
    const redeemed = await rules.phonekey().signIn.byHandover(input);
    if (!redeemed.ok) throw new Error(redeemed.refusal.code);
    const expected = { createdAt, authTime, amr, mustSetPassword: true };
    expect(redeemed.value.session).toMatchObject(expected);
    const found = await rules.deps().sessions.find(redeemed.value.session.id);
    expect(found?.session).toMatchObject(expected);
  });

  test("opens no more than sixty sessions a day for one user", async () => {
    const used: string[] = [];
    for (let hour = 0; hour < 4; hour++) {
      for (let n = 0; n < 20; n++) used.push(await redeem(await issue()));
      rules.clock.advance(HOUR);
    }
    expect(used.filter((use) => use === "ok")).toHaveLength(60);
    expect(used.at(-1)).toBe("too_many_requests");
  });

  test("opens no more than twenty sessions an hour for one user", async () => {
    const used: string[] = [];
    for (let n = 0; n < 22; n++) used.push(await redeem(await issue()));
    expect(used.filter((use) => use === "ok")).toHaveLength(20);
    expect(used.at(-1)).toBe("too_many_requests");
  });

  test("that is used again ends the session that it opened even if the limit of new ones is reached", async () => {
    const { sessions } = rules.phonekey();
    const last = await issue();
    for (let n = 0; n < 19; n++) await redeem(await issue());
    expect(await redeem(last)).toBe("ok");
    expect(await redeem(await issue())).toBe("too_many_requests");
    expect(await sessions.list(principal())).toHaveLength(21);
    expect(await redeem(last)).toBe("invalid_handover");
    expect(await sessions.list(principal())).toHaveLength(20);
  });
});

describe("a device whose session was ended from another device", () => {
  test("is a stranger: it cannot use up the guesses kept for known devices", async () => {
    const rules = await createRules();
    const thief = await rules.knownDevice();
    const owner = await rules.knownDevice();
    const { sessions } = rules.phonekey();
    const principal = { user: owner.signedIn.user, session: owner.signedIn.session };
    await sessions.end(principal, thief.signedIn.session.id);
    const { id, code } = await rules.started(thief.client);
    await rules.guess(id, wrongCode(code), thief.client);
    expect(await rules.ledger("device")).toEqual([]);
    expect(await rules.ledger("stranger")).toHaveLength(1);
  });

  test("leaves the device that ended it known, after a refresh", async () => {
    const rules = await createRules();
    const thief = await rules.knownDevice();
    const owner = await rules.knownDevice();
    const { sessions } = rules.phonekey();
    const before = await sessions.tokens(owner.signedIn);
    await sessions.endOthers({ user: owner.signedIn.user, session: owner.signedIn.session });
    expect((await sessions.refresh((await sessions.tokens(thief.signedIn)).refreshToken)).ok).toBe(false);
    const refreshed = await sessions.refresh(before.refreshToken);
    if (!refreshed.ok) throw new Error(refreshed.refusal.code);
    const { id, code } = await rules.started({ deviceToken: refreshed.value.deviceToken });
    await rules.guess(id, wrongCode(code));
    expect(await rules.ledger("device")).toHaveLength(1);
  });
});
