import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWorld, type OpenedSession, type World } from "../../support/world.ts";
import { bodyOf, DAY_MS, isKnown, MINUTE_MS, phoneNo, refused } from "../support.ts";
import { publicPart, sessionCalls } from "./support.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

const { refresh, end, refreshed, list, signInAgain, expectEnded, expectAlive } = sessionCalls(() => world);

describe("a session that was ended", () => {
  it("by sign-out is refused at once, and no other is (T24)", async () => {
    const here = await world.signIn();
    const there = await signInAgain();
    const answer = await end("/current", here.accessToken);
    expect([answer.status, await answer.text()]).toEqual([204, ""]);
    await expectEnded(here);
    await refused(await end("/current", here.accessToken), "invalid_token");
    await expectAlive(there);
  });

  it("by its id is refused at once", async () => {
    const here = await world.signIn();
    const there = await signInAgain();
    const id = (await list(here.accessToken)).find((session) => !session.current)?.id;
    expect((await end(`/${id}`, here.accessToken)).status).toBe(204);
    await expectEnded(there);
    await refused(await end(`/${id}`, here.accessToken), "not_found");
    await expectAlive(here);
  });

  it("by its id may be the one that asks", async () => {
    const here = await world.signIn();
    const [own] = await list(here.accessToken);
    expect((await end(`/${own?.id}`, here.accessToken)).status).toBe(204);
    await expectEnded(here);
  });

  it("by scope=others is refused, and the one that asks is not: its device is known again after a refresh", async () => {
    const here = await world.signIn();
    const others = [await signInAgain(), await signInAgain()];
    const stranger = await signInAgain(phoneNo(9));
    expect((await end("?scope=others", here.accessToken)).status).toBe(204);
    for (const other of others) await expectEnded(other);
    await expectAlive(here);
    await expectAlive(stranger);
    expect(await isKnown(world, here.deviceToken)).toBe(false);
    const refreshed = await world.post("/v1/sessions/refresh", { refreshToken: here.refreshToken });
    const { deviceToken } = (await refreshed.json()) as OpenedSession;
    expect(await isKnown(world, deviceToken)).toBe(true);
  });

  it("by scope=others cannot end others itself: of two that ask at once one stays", async () => {
    const here = await world.signIn();
    const there = await signInAgain();
    const answers = await Promise.all([here, there].map((one) => end("?scope=others", one.accessToken)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([204, 401]);
    await expectAlive(statuses[0] === 204 ? here : there);
    await expectEnded(statuses[0] === 204 ? there : here);
  });

  it("by scope=all is refused, also the one that asks, and every device becomes unknown", async () => {
    const here = await world.signIn();
    const there = await signInAgain();
    const stranger = await signInAgain(phoneNo(9));
    expect(await isKnown(world, there.deviceToken)).toBe(true);
    expect((await end("?scope=all", here.accessToken)).status).toBe(204);
    await expectEnded(here);
    await expectEnded(there);
    await expectAlive(stranger);
    world.clock.advance(30 * MINUTE_MS);
    expect(await isKnown(world, there.deviceToken)).toBe(false);
  });

  it("by scope=others cannot end others by scope=all at the same time", async () => {
    const here = await world.signIn();
    const there = await signInAgain();
    const both = [end("?scope=others", here.accessToken), end("?scope=all", there.accessToken)];
    const statuses = (await Promise.all(both)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([204, 401]);
    await expectEnded(there);
    if (statuses[0] === 204) await expectAlive(here);
    else await expectEnded(here);
  });

  it("by its age leaves its device known for 180 days, and no longer", async () => {
    const { deviceToken } = await world.signIn();
    // `isKnown` takes twelve minutes.
    world.clock.advance(180 * DAY_MS - 13 * MINUTE_MS);
    expect(await isKnown(world, deviceToken)).toBe(true);
    world.clock.advance(MINUTE_MS);
    expect(await isKnown(world, deviceToken)).toBe(false);
  });

  it("is not revived by a refresh at the same time", async () => {
    const here = await world.signIn();
    const [ended, ...answers] = await Promise.all([
      end("/current", here.accessToken),
      ...Array.from({ length: 5 }, () => refresh(here.refreshToken)),
    ]);
    expect(ended?.status).toBe(204);
    for (const answer of answers.filter(({ status }) => status === 200)) {
      await expectEnded(await bodyOf<OpenedSession>(answer));
    }
    await expectEnded(here);
  });

  it.each(["", "?scope=", "?scope=some", "?scope=all&scope=others", "?Scope=all"])(
    "was not ended by an invalid scope: DELETE /v1/sessions%s",
    async (query) => {
      const here = await world.signIn();
      await refused(await end(query, here.accessToken), "invalid_request", "scope");
      await expectAlive(here);
    },
  );
});

describe("the list of sessions", () => {
  it("shows the user's own, the most recently used first, and marks the current one", async () => {
    const first = await world.signIn();
    const second = await signInAgain();
    await signInAgain(phoneNo(9));
    const refreshedAt = world.clock.now() + MINUTE_MS;
    world.clock.advance(MINUTE_MS);
    await refreshed(first.refreshToken);
    const sessions = await list(second.accessToken);
    expect(sessions.map(({ current }) => current)).toEqual([false, true]);
    expect(sessions[0]).toEqual({
      id: expect.any(String),
      current: false,
      device: expect.any(String),
      createdAt: new Date(refreshedAt - 3 * MINUTE_MS).toISOString(),
      lastUsedAt: new Date(refreshedAt).toISOString(),
      expiresAt: new Date(refreshedAt - 3 * MINUTE_MS + 30 * DAY_MS).toISOString(),
    });
  });

  it("leaves out sessions that have expired", async () => {
    const first = await world.signIn();
    world.clock.advance(14 * DAY_MS);
    const second = await world.signIn();
    expect(await list(second.accessToken)).toHaveLength(1);
    await expectEnded(first);
  });
});

describe("another user's session", () => {
  it("is not there, exactly like one that never was (T30)", async () => {
    const victim = await world.signIn();
    const attacker = await signInAgain(phoneNo(2));
    const [session] = await list(victim.accessToken);
    const theirs = await publicPart(await end(`/${session?.id}`, attacker.accessToken));
    const none = await publicPart(await end("/0197c2a0-0000-7000-8000-000000000000", attacker.accessToken));
    expect(theirs).toEqual(none);
    expect(theirs).toMatchObject({ status: 404 });
    await expectAlive(victim);
  });
});
