import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { refreshSession } from "../../../src/core/session/refresh.ts";
import type { SignedIn } from "../../../src/core/session/session.ts";
import { createRules, MINUTE, type Rules, wrongCode } from "../rules.ts";

describe("a refresh token", () => {
  let rules: Rules;
  let signedIn: SignedIn;
  beforeEach(async () => {
    rules = await createRules();
    signedIn = (await rules.knownDevice()).signedIn;
  });
  afterEach(() => rules.close());

  test("T22: that is used again after it was spent ends the session and makes its device a stranger", async () => {
    const { sessions } = rules.phonekey();
    const first = await sessions.tokens(signedIn);
    let last = first;
    for (let n = 0; n < 2; n++) {
      rules.clock.advance(2 * MINUTE);
      const refreshed = await sessions.refresh(last.refreshToken);
      if (!refreshed.ok) throw new Error(refreshed.refusal.code);
      last = refreshed.value;
    }
    expect((await sessions.refresh(first.refreshToken)).ok).toBe(false);
    expect((await sessions.refresh(last.refreshToken)).ok).toBe(false);
    const { id, code } = await rules.started({ deviceToken: last.deviceToken });
    await rules.guess(id, wrongCode(code));
    expect(await rules.ledger("device")).toEqual([]);
    expect(await rules.ledger("stranger")).toHaveLength(1);
  });

  test("gives no successor if another use of it came first and the session was ended since", async () => {
    const deps = rules.deps();
    const { refreshToken } = await rules.phonekey().sessions.tokens(signedIn);
    const { rotate } = deps.sessions;
    const overtaken = {
      ...deps.sessions,
      async rotate(...use: Parameters<typeof rotate>) {
        expect(await rotate(...use)).toBe(true);
        await deps.sessions.end(signedIn.user.id, signedIn.session.id, rules.clock.now());
        return await rotate(...use);
      },
    };
    const refreshed = await refreshSession({ ...deps, sessions: overtaken }, refreshToken);
    expect(refreshed).toMatchObject({ refusal: { code: "invalid_refresh_token" } });
  });
});
