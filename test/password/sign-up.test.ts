import { afterEach, describe, expect, it } from "vitest";
import { systemRandom } from "../../src/adapters/system/random.ts";
import { invite, listInvitations, uninvite } from "../../src/core/account/invite.ts";
import { bodyOf, DAY_MS, opened, refused, start, wrongCode } from "../http/support.ts";
import { lineOf, type Moving, openMoving, phoneOf } from "../transfer/support.ts";

let moving: Moving;
afterEach(() => moving.close());

const [KNOWN, MOVED, INVITED, NOBODY] = [phoneOf(11), phoneOf(2), phoneOf(13), phoneOf(14)];

/** Signs in by code, and returns the answer. */
async function enter(phone: string): Promise<Response> {
  const { world } = moving;
  const { id } = await start(world, phone);
  return await world.post("/v1/sessions", { verificationId: id, code: world.sms.lastCode(phone) });
}

async function open(signUp: string) {
  moving = await openMoving({ env: { SIGN_UP: signUp } });
  await moving.import(lineOf(2));
  const { vault, stores } = moving.records;
  const deps = { invitations: stores.invitations, vault, clock: moving.world.clock, random: systemRandom };
  return { deps, stores, vault };
}

describe("SIGN_UP", () => {
  it.each(["invited", "closed"])("%s refuses new people only after the right code", async (signUp) => {
    const { stores, vault } = await open(signUp);
    const { world } = moving;
    const { id } = await start(world, NOBODY);
    const code = world.sms.lastCode(NOBODY);
    await refused(
      await world.post("/v1/sessions", { verificationId: id, code: wrongCode(code) }),
      "invalid_code",
    );
    await refused(await world.post("/v1/sessions", { verificationId: id, code }), "sign_up_closed");
    expect(await stores.users.findByTag(await vault.tag(NOBODY))).toBeUndefined();
    await refused(await world.post("/v1/sessions", { verificationId: id, code }), "invalid_code");
  });

  it.each(["open", "invited", "closed"])(
    "%s decides whether the sign-in page says that it creates an account",
    async (signUp) => {
      await open(signUp);
      const page = await (await moving.world.request("/sign-in")).text();
      expect(page).toContain("Enter your mobile number");
      expect(page.includes("this creates your account")).toBe(signUp === "open");
    },
  );

  it.each(["invited", "closed"])("%s lets imported users sign in", async (signUp) => {
    await open(signUp);
    await opened(await enter(MOVED));
    moving.world.clock.advance(DAY_MS);
    await opened(await enter(MOVED));
  });

  it("invited lets an invited person sign up once, and refuses one whose invitation was removed", async () => {
    const { deps, stores, vault } = await open("invited");
    expect([await invite(deps, INVITED), await invite(deps, INVITED)]).toEqual([true, false]);
    await invite(deps, KNOWN);
    expect([await uninvite(deps, KNOWN), await uninvite(deps, KNOWN)]).toEqual([true, false]);
    const listed = [];
    for await (const one of listInvitations(deps)) listed.push(one);
    expect(listed).toEqual([{ phone: "+86 138••••0013", at: moving.world.clock.now() }]);
    const { created, user } = await opened(await enter(INVITED));
    expect([created, user.phone]).toEqual([true, INVITED]);
    expect(await stores.invitations.has(await vault.tags(INVITED))).toBe(false);
    await refused(await enter(KNOWN), "sign_up_closed");
  });

  it("closed is -1201 at the functions API", async () => {
    await open("closed");
    const { world } = moving;
    const asked = await world.post("/functions/sms", { method: "getSms", phone: NOBODY });
    const { data } = await bodyOf<{ data: { sessionId: string } }>(asked);
    const code = world.sms.lastCode(NOBODY);
    const answer = await world.post("/functions/sms", {
      method: "login",
      phone: NOBODY,
      code,
      sessionId: data.sessionId,
    });
    expect(await bodyOf(answer)).toMatchObject({ errorCode: -1201 });
  });
});
