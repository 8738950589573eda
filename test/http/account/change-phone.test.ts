import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "../../../src/compose/database.ts";
import { bearer, createWorld, type OpenedSession, type World } from "../../support/world.ts";
import {
  bodyOf,
  DAY_MS,
  isKnown,
  MINUTE_MS,
  open,
  PHONE,
  phoneNo,
  refused,
  start,
  type VerificationBody,
  wrongCode,
} from "../support.ts";

const NEW = phoneNo(77);
const HOUR_MS = 60 * MINUTE_MS;

let world: World;
beforeEach(async () => {
  world = await createWorld({ env: { LIMIT_ADDRESS_CHECKS: "unlimited", LIMIT_ADDRESS_SENDS: "unlimited" } });
});
afterEach(() => world.close());

type Person = Pick<OpenedSession, "accessToken">;
interface State {
  readonly phone: string;
  readonly pending?: { readonly phone: string; readonly takesEffectAt: string };
}

const ask = (person: Person, phone: string, more: object = {}) =>
  world.post("/v1/verifications", { purpose: "change_phone", phone, ...more }, bearer(person.accessToken));
const put = (person: Person, body: object) =>
  world.request("/v1/me/phone", {
    method: "PUT",
    headers: { ...bearer(person.accessToken), "content-type": "application/json" },
    body: JSON.stringify(body),
  });
const stateOf = async (person: Person) =>
  await bodyOf<State>(await world.request("/v1/me/phone", { headers: bearer(person.accessToken) }));
const call = (person: Person, method: string, path: string) =>
  world.request(path, { method, headers: bearer(person.accessToken) });

async function asked(person: Person, phone = NEW) {
  const response = await ask(person, phone);
  expect(response.status).toBe(201);
  const { id: verificationId } = await bodyOf<VerificationBody>(response);
  return { verificationId, code: world.sms.lastCode(phone) };
}

async function changed(person: Person): Promise<State> {
  const response = await put(person, await asked(person));
  expect(response.status).toBe(200);
  return await bodyOf<State>(response);
}

const noticesTo = (phone: string) =>
  world.sms.sent.filter(({ to, code }) => to === phone && code === undefined);

/** As the link in the notice has it. */
function stopPath(): string {
  const text = noticesTo(PHONE).findLast(({ purpose }) => purpose === "phone_change_started")?.text ?? "";
  return /\/stop\/[0-9a-f]+/.exec(text)?.[0] ?? "none";
}

describe("a change of phone", () => {
  it("waits for a day, tells the former number at once, and then moves the account", async () => {
    const person = await world.signIn(PHONE);
    const takesEffectAt = new Date(world.clock.now() + DAY_MS).toISOString();
    expect(await changed(person)).toEqual({
      phone: PHONE,
      pending: { phone: "+86 138••••0077", takesEffectAt },
    });
    expect(noticesTo(PHONE)).toMatchObject([{ purpose: "phone_change_started" }]);
    expect(noticesTo(NEW)).toEqual([]);

    world.clock.advance(DAY_MS - 1);
    await world.tick();
    expect((await world.signIn(PHONE)).user.phone).toBe(PHONE);

    world.clock.advance(1);
    await world.tick();
    const again = await world.signIn(NEW);
    expect(again).toMatchObject({
      created: false,
      user: { id: (await world.signIn(NEW)).user.id, phone: NEW },
    });
    expect(noticesTo(PHONE).at(-1)).toMatchObject({ purpose: "phone_changed" });
    expect(await world.signIn(PHONE)).toMatchObject({ created: true });
  });

  it("ends the other sessions and makes all devices unknown when it takes effect, not before", async () => {
    const other = await world.signIn(PHONE);
    world.clock.advance(MINUTE_MS);
    const person = await world.signIn(PHONE);
    await changed(person);
    expect((await call(other, "GET", "/v1/sessions")).status).toBe(200);
    world.clock.advance(DAY_MS);
    await world.tick();
    const refreshed = (refreshToken: string) => world.post("/v1/sessions/refresh", { refreshToken });
    await refused(await refreshed(other.refreshToken), "invalid_refresh_token");
    const { deviceToken } = await bodyOf<OpenedSession>(await refreshed(person.refreshToken));
    expect([await isKnown(world, other.deviceToken, NEW), await isKnown(world, deviceToken, NEW)]).toEqual([
      false,
      true,
    ]);
  });

  it("still shows and can be taken back when it is due but has not taken effect", async () => {
    const person = await world.signIn(PHONE);
    const { pending } = await changed(person);
    world.clock.advance(DAY_MS + 1);
    const again = await world.signIn(PHONE);
    expect(await stateOf(again)).toEqual({ phone: PHONE, pending });
    expect((await call(again, "DELETE", "/v1/me/phone/pending")).status).toBe(204);
    expect(await stateOf(again)).toEqual({ phone: PHONE });
  });

  it("takes effect at once if PHONE_CHANGE_HOURS is 0", async () => {
    const at = await createWorld({ env: { PHONE_CHANGE_HOURS: "0" } });
    const person = await at.signIn(PHONE);
    const headers = bearer(person.accessToken);
    const { id: verificationId } = await bodyOf<VerificationBody>(
      await at.post("/v1/verifications", { purpose: "change_phone", phone: NEW }, headers),
    );
    const response = await at.request("/v1/me/phone", {
      method: "PUT",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ verificationId, code: at.sms.lastCode(NEW) }),
    });
    expect(await bodyOf<State>(response)).toEqual({ phone: NEW });
    const told = at.sms.sent.filter(({ code }) => code === undefined);
    expect(told).toMatchObject([{ to: PHONE, purpose: "phone_changed" }]);
    await at.close();
  });

  it("asks for more than a session: a recent proof of the former number (T51)", async () => {
    const person = await world.signIn(PHONE);
    world.clock.advance(16 * MINUTE_MS);
    const { refreshToken } = person;
    const next = await bodyOf<OpenedSession>(await world.post("/v1/sessions/refresh", { refreshToken }));
    const proof = await asked(next);
    const response = await put(next, proof);
    expect(response.headers.get("www-authenticate")).toContain('max_age="900"');
    await refused(response, "step_up_required");
    expect((await stateOf(next)).pending).toBeUndefined();
    // The code was not compared: it works after the step-up.
    const { id } = await bodyOf<VerificationBody>(
      await world.post("/v1/verifications", { purpose: "second_factor" }, bearer(next.accessToken)),
    );
    const code = world.sms.lastCode(PHONE);
    await world.post("/v1/sessions/current/step-up", { verificationId: id, code }, bearer(next.accessToken));
    expect((await put(next, proof)).status).toBe(200);
  });

  it("says only after the right code that a number has an account, and does not take that over", async () => {
    const holder = await world.signIn(NEW);
    const person = await world.signIn(PHONE);
    const taken = await asked(person, NEW);
    const free = await asked(person, phoneNo(78));
    for (const { verificationId, code } of [taken, free]) {
      await refused(await put(person, { verificationId, code: wrongCode(code) }), "invalid_code");
    }
    await refused(await put(person, taken), "phone_taken");
    expect((await put(person, free)).status).toBe(200);
    expect(await world.signIn(NEW)).toMatchObject({ created: false, user: { id: holder.user.id } });
  });

  it("does not take effect if somebody signed up with the new number meanwhile", async () => {
    const person = await world.signIn(PHONE);
    await changed(person);
    world.clock.advance(HOUR_MS);
    const other = await world.signIn(NEW);
    expect(other).toMatchObject({ created: true });
    world.clock.advance(DAY_MS);
    await world.tick();
    expect(await world.signIn(PHONE)).toMatchObject({ user: { id: person.user.id } });
    expect(await world.signIn(NEW)).toMatchObject({ user: { id: other.user.id } });
  });

  it("cannot be started without a token, nor finished, seen or taken back by another user (T5, T25, T30)", async () => {
    const person = await world.signIn(PHONE);
    const thief = await world.signIn(phoneNo(5));
    await refused(
      await world.post("/v1/verifications", { purpose: "change_phone", phone: NEW }),
      "invalid_token",
    );
    const proof = await asked(person);
    await refused(await put(thief, proof), "invalid_code");
    await refused(await open(world, proof.verificationId, proof.code), "invalid_code");
    expect((await put(person, proof)).status).toBe(200);
    expect((await stateOf(thief)).pending).toBeUndefined();
    await refused(await call(thief, "DELETE", "/v1/me/phone/pending"), "not_found");
    expect((await stateOf(person)).pending).toBeDefined();
  });

  it("refuses a code of another purpose and a code that was used", async () => {
    const person = await world.signIn(PHONE);
    for (const purpose of ["sign_in", "second_factor"]) {
      const phone = purpose === "sign_in" ? NEW : PHONE;
      const { id } = await start(world, phone, { purpose }, bearer(person.accessToken));
      await refused(
        await put(person, { verificationId: id, code: world.sms.lastCode(phone) }),
        "invalid_code",
      );
    }
    world.clock.advance(MINUTE_MS);
    const proof = await asked(person);
    expect((await put(person, proof)).status).toBe(200);
    await refused(await put(person, proof), "invalid_code");
  });

  it("refuses to start without a new number, or with the present one", async () => {
    const person = await world.signIn(PHONE);
    await refused(await ask(person, PHONE), "invalid_request", "phone");
    expect((await bodyOf<{ field: string }>(await ask(person, "138 0013 8000"))).field).toBe("phone");
    await refused(
      await world.post("/v1/verifications", { purpose: "change_phone" }, bearer(person.accessToken)),
      "invalid_request",
      "phone",
    );
  });

  it("sends the same code again while the user's verification is live", async () => {
    const person = await world.signIn(PHONE);
    const first = await asked(person);
    world.clock.advance(MINUTE_MS);
    expect(await asked(person)).toEqual(first);
  });

  it("marks its message as converted, which the guard counts", async () => {
    await changed(await world.signIn(PHONE));
    const { db, close } = await openDatabase(world.config);
    const messages = db.selectFrom("messages").select("converted").where("purpose", "=", "change_phone");
    expect(await messages.execute()).toEqual([{ converted: 1 }]);
    await close();
  });

  it("can be taken back by any session of the user, once", async () => {
    const other = await world.signIn(PHONE);
    world.clock.advance(MINUTE_MS);
    const person = await world.signIn(PHONE);
    await changed(person);
    expect((await call(other, "DELETE", "/v1/me/phone/pending")).status).toBe(204);
    await refused(await call(other, "DELETE", "/v1/me/phone/pending"), "not_found");
    world.clock.advance(DAY_MS);
    await world.tick();
    expect(await world.signIn(PHONE)).toMatchObject({ created: false });
    expect(await world.signIn(NEW)).toMatchObject({ created: true });
  });
});

describe("the link in the notice to the former number", () => {
  it("stops the change by a form behind the link, and ends all sessions", async () => {
    const person = await world.signIn(PHONE);
    await changed(person);
    const page = await world.request(stopPath());
    expect(page.status).toBe(200);
    const html = await page.text();
    const form = new URLSearchParams({
      csrf: /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? "",
    });
    const stopped = await world.request(stopPath(), {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", origin: "http://localhost:8080" },
      body: form.toString(),
    });
    expect(stopped.status).toBe(200);
    await refused(await call(person, "GET", "/v1/me"), "invalid_token");
    world.clock.advance(DAY_MS);
    await world.tick();
    expect(await world.signIn(PHONE)).toMatchObject({ created: false, user: { id: person.user.id } });
    expect((await world.request(stopPath())).status).toBe(404);
  });

  it("does not stop the change when it is only opened, or by a form from another origin", async () => {
    const person = await world.signIn(PHONE);
    await changed(person);
    for (let n = 0; n < 3; n += 1) await world.request(stopPath());
    await world.request(stopPath(), { method: "HEAD" });
    const foreign = await world.request(stopPath(), {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", origin: "https://evil.example" },
      body: "csrf=x",
    });
    expect(foreign.status).toBe(403);
    expect((await stateOf(person)).pending).toBeDefined();
  });

  it.each(["0".repeat(24), "x", "%00", "a".repeat(4_000)])(
    "answers 404 if its code is made up: %s",
    async (code) => {
      await changed(await world.signIn(PHONE));
      expect((await world.request(`/stop/${code}`)).status).toBe(404);
    },
  );
});
