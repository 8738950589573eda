import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWorld, type World } from "../../support/world.ts";
import { DAY_MS, MINUTE_MS, refused, SECOND_MS } from "../support.ts";
import { sessionCalls } from "./support.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

const { refresh, me, refreshed, list, expectEnded, expectAlive } = sessionCalls(() => world);

describe("a refresh", () => {
  it("gives a new access token and a new refresh token of the same session", async () => {
    const first = await world.signIn();
    world.clock.advance(MINUTE_MS);
    const next = await refreshed(first.refreshToken);
    expect(next).not.toHaveProperty("created");
    expect(next).toMatchObject({ tokenType: "Bearer", expiresIn: 900, user: first.user });
    expect(next.refreshToken).not.toBe(first.refreshToken);
    expect(await list(next.accessToken)).toHaveLength(1);
    await expectAlive(first);
  });

  it("gives 10 parallel uses of one token one successor, and ends no session (T23)", async () => {
    const { refreshToken } = await world.signIn();
    const answers = await Promise.all(Array.from({ length: 10 }, () => refreshed(refreshToken)));
    expect(new Set(answers.map((answer) => answer.refreshToken)).size).toBe(1);
    for (const answer of answers) await expectAlive(answer);
    await refreshed(answers[0]?.refreshToken ?? "");
  });

  it("gives the predecessor the same successor for 60 seconds, and then ends the session (T22)", async () => {
    const { refreshToken, ...first } = await world.signIn();
    const next = await refreshed(refreshToken);
    world.clock.advance(MINUTE_MS);
    expect((await refreshed(refreshToken)).refreshToken).toBe(next.refreshToken);
    world.clock.advance(1);
    await refused(await refresh(refreshToken), "invalid_refresh_token");
    await expectEnded({ ...first, refreshToken });
    await expectEnded(next);
  });

  it("of any older token ends the session at once (T22)", async () => {
    const first = await world.signIn();
    const second = await refreshed(first.refreshToken);
    const third = await refreshed(second.refreshToken);
    await refused(await refresh(first.refreshToken), "invalid_refresh_token");
    await expectEnded(third);
    await refused(await refresh(second.refreshToken), "invalid_refresh_token");
  });

  it("does not extend the 60 seconds when the predecessor is used again and again", async () => {
    const first = await world.signIn();
    await refreshed(first.refreshToken);
    for (let n = 0; n < 6; n += 1) {
      world.clock.advance(10 * SECOND_MS);
      await refreshed(first.refreshToken);
    }
    world.clock.advance(1);
    await refused(await refresh(first.refreshToken), "invalid_refresh_token");
  });

  it("keeps a session alive, but never beyond its absolute end", async () => {
    let { refreshToken, accessToken } = await world.signIn();
    for (let day = 0; day < 29; day += 1) {
      world.clock.advance(DAY_MS);
      ({ refreshToken } = await refreshed(refreshToken));
    }
    world.clock.advance(DAY_MS - 5 * MINUTE_MS);
    const last = await refreshed(refreshToken);
    expect(last.expiresIn).toBe(300);
    ({ accessToken } = last);
    world.clock.advance(5 * MINUTE_MS - 1);
    expect((await me(accessToken)).status).toBe(200);
    world.clock.advance(1);
    await expectEnded(last);
  });

  it.each([
    [14 * DAY_MS - 1, 200],
    [14 * DAY_MS, 401],
  ])("after %i ms without use is answered %i", async (idleMs, status) => {
    const { refreshToken } = await world.signIn();
    world.clock.advance(idleMs);
    expect((await refresh(refreshToken)).status).toBe(status);
  });

  it("refuses every other kind of token, and forged and malformed ones", async () => {
    const { accessToken, deviceToken, refreshToken } = await world.signIn();
    const forged = `${refreshToken.slice(0, -4)}AAAA`;
    for (const token of [accessToken, deviceToken, forged, "x", "..", "a.b.c", "\u0000"]) {
      await refused(await refresh(token), "invalid_refresh_token");
    }
    await refused(await me(refreshToken), "invalid_token");
    await refused(await me(deviceToken), "invalid_token");
  });
});
