import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NoticeKind } from "../../../src/core/delivery/notice-kinds.ts";
import { createVisitor } from "../../support/visitor.ts";
import { bearer, createWorld, type World } from "../../support/world.ts";
import { bodyOf, PHONE, phoneNo, refused, type VerificationBody } from "../support.ts";

const NEW = phoneNo(77);

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

/** From now on the sender has texts for codes and for these notices. */
function onlyTexts(...kinds: readonly NoticeKind[]): void {
  world.sms.carry(
    ({ purpose }) => !purpose.startsWith("phone_change") || kinds.some((kind) => kind === purpose),
  );
}

async function person() {
  const headers = bearer((await world.signIn(PHONE)).accessToken);
  return {
    ask: () => world.post("/v1/verifications", { purpose: "change_phone", phone: NEW }, headers),
    async put({ id: verificationId }: VerificationBody) {
      const body = JSON.stringify({ verificationId, code: world.sms.lastCode(NEW) });
      const json = { ...headers, "content-type": "application/json" };
      return await world.request("/v1/me/phone", { method: "PUT", headers: json, body });
    },
  };
}

describe("a change of phone whose notice the sender has no text for", () => {
  it("is refused at its start, and nothing is sent", async () => {
    const { ask } = await person();
    onlyTexts("phone_changed");
    expect(await refused(await ask(), "template_unavailable")).toMatchObject({ status: 422 });
    expect(world.sms.sent.filter(({ to }) => to === NEW)).toEqual([]);
  });

  it("is refused by the page, which does not ask for another number", async () => {
    const visitor = createVisitor(world);
    await visitor.enter();
    onlyTexts("phone_changed");
    await visitor.go("/account/phone");
    const page = await visitor.go("/account/phone/send", { phone: NEW, country: "CN" });
    expect(page.status).toBe(422);
    expect(page.text).not.toContain('name="phone"');
  });

  it("does not stop codes to the user's present number", async () => {
    const headers = bearer((await world.signIn(PHONE)).accessToken);
    onlyTexts();
    const asked = await world.post("/v1/verifications", { purpose: "delete_account" }, headers);
    expect(asked.status).toBe(201);
  });

  it("is refused if the text is withdrawn after the code was sent; the code stays good", async () => {
    const { ask, put } = await person();
    const asked = await bodyOf<VerificationBody>(await ask());
    onlyTexts("phone_changed");
    await refused(await put(asked), "template_unavailable");
    onlyTexts("phone_change_started");
    expect((await put(asked)).status).toBe(200);
    expect(world.sms.sent.at(-1)).toMatchObject({ to: PHONE, purpose: "phone_change_started" });
  });

  it("needs only the text of phone_changed if it takes effect at once", async () => {
    await world.close();
    world = await createWorld({ env: { PHONE_CHANGE_HOURS: "0" } });
    const { ask, put } = await person();
    onlyTexts("phone_change_started");
    await refused(await ask(), "template_unavailable");
    onlyTexts("phone_changed");
    expect((await put(await bodyOf<VerificationBody>(await ask()))).status).toBe(200);
    expect(world.sms.sent.at(-1)).toMatchObject({ to: PHONE, purpose: "phone_changed" });
  });
});
