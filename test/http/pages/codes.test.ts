import { afterEach, describe, expect, it } from "vitest";
import { createPasswordWorld, PASSWORD, passwordCalls } from "../../password/support.ts";
import { solveAltcha } from "../../support/altcha.ts";
import { createVisitor } from "../../support/visitor.ts";
import { bearer, type World } from "../../support/world.ts";
import { factorCalls } from "../factors/support.ts";
import { sessionCalls } from "../session/support.ts";
import { DAY_MS, MINUTE_MS, PHONE, phoneNo } from "../support.ts";

// Codes that pages send to a known user: to which phone they go, and the challenge that they may demand.

const OTHER = phoneNo(501);
const NEW = phoneNo(502);
const EASY = { CAPTCHA: "altcha", ALTCHA_COST: "1", GUARD_MODE: "off" };

let world: World;
afterEach(() => world.close());
const { signUp } = passwordCalls(() => world);
const { refreshed } = sessionCalls(() => world);
const { raise, protect } = factorCalls(() => world);

const messagesTo = (phone: string) => world.sms.sent.filter(({ to }) => to === phone).length;

/** A user whose password is the first factor, and a code by SMS the second. */
async function guarded(phone: string): Promise<void> {
  const { refreshToken } = await signUp(phone);
  world.clock.advance(DAY_MS);
  const person = await refreshed(refreshToken);
  expect((await raise(person, { password: PASSWORD })).status).toBe(200);
  expect((await protect(person, "always")).status).toBe(204);
}

/** A visitor at the second step. */
async function atSecondStep(phone: string, visitor = createVisitor(world)) {
  await visitor.go("/sign-in/password");
  const typed = await visitor.go("/sign-in/password", { phone, country: "CN", password: PASSWORD });
  expect(typed).toMatchObject({ status: 303, location: "/sign-in/second" });
  await visitor.go("/sign-in/second");
  return visitor;
}

async function signOutElsewhere(phone: string): Promise<void> {
  const { accessToken } = await world.signIn(phone);
  const ended = await world.request("/v1/sessions?scope=all", {
    method: "DELETE",
    headers: bearer(accessToken),
  });
  expect(ended.status).toBe(204);
}

/** What the page's script would put into the form. */
async function solutionOf(page: string): Promise<string> {
  const puzzle = /data-puzzle="([^"]+)"/.exec(page)?.[1];
  if (!puzzle) throw new Error("the page shows no challenge");
  return JSON.stringify(await solveAltcha(JSON.parse(puzzle.replaceAll("&quot;", '"'))));
}

it("the second step shows the challenge that its code demands, and sends the code when it is solved", async () => {
  ({ world } = await createPasswordWorld({ env: { ...EASY, LIMIT_ADDRESS_SENDS: "1/1h" } }));
  await guarded(PHONE);
  await world.post("/v1/verifications", { phone: OTHER });
  const { go } = await atSecondStep(PHONE);
  const before = messagesTo(PHONE);
  const asked = await go("/sign-in/second/send", {});
  expect(asked.status).toBe(403);
  expect(messagesTo(PHONE)).toBe(before);
  const captcha = await solutionOf(asked.text);
  expect(await go("/sign-in/second/send", { captcha })).toMatchObject({ location: "/sign-in/second" });
  expect(messagesTo(PHONE)).toBe(before + 1);
  await go("/sign-in/second");
  const entered = await go("/sign-in/second", { by: "sms", code: world.sms.lastCode(PHONE) });
  expect(entered).toMatchObject({ location: "/account" });
});

it("a resend to a new number shows the challenge that it demands, and sends the code when it is solved", async () => {
  ({ world } = await createPasswordWorld({ env: { ...EASY, LIMIT_ADDRESS_SENDS: "2/1h" } }));
  const { go, enter } = createVisitor(world);
  await enter();
  await go("/account/phone");
  expect(await go("/account/phone/send", { phone: NEW, country: "CN" })).toMatchObject({ status: 303 });
  await go("/account/phone");
  world.clock.advance(MINUTE_MS);
  const asked = await go("/account/phone/resend", {});
  expect(asked.status).toBe(403);
  expect(messagesTo(NEW)).toBe(1);
  const captcha = await solutionOf(asked.text);
  expect(await go("/account/phone/resend", { captcha })).toMatchObject({ location: "/account/phone" });
  expect(messagesTo(NEW)).toBe(2);
});

it("the second step sends its code to the account at hand, not to the one that the browser was at before", async () => {
  ({ world } = await createPasswordWorld());
  await guarded(PHONE);
  await guarded(OTHER);
  world.clock.advance(2 * MINUTE_MS);
  const visitor = await atSecondStep(PHONE);
  await visitor.go("/sign-in/second/send", {});
  await atSecondStep(OTHER, visitor);
  world.clock.advance(MINUTE_MS);
  const [mine, theirs] = [messagesTo(PHONE), messagesTo(OTHER)];
  expect(await visitor.go("/sign-in/second/send", {})).toMatchObject({ location: "/sign-in/second" });
  expect([messagesTo(PHONE), messagesTo(OTHER)]).toEqual([mine, theirs + 1]);
  await visitor.go("/sign-in/second");
  const entered = await visitor.go("/sign-in/second", { by: "sms", code: world.sms.lastCode(OTHER) });
  expect(entered).toMatchObject({ location: "/account" });
  // Nothing of the step is there for the next visitor.
  for (const name of ["phonekey_second", "phonekey_second_code"]) expect(visitor.jar.get(name)).toBe("");
});

it.each(["signed out", "was signed out elsewhere"])("a user who %s leaves no code to others", async (way) => {
  ({ world } = await createPasswordWorld());
  const { go, enter } = createVisitor(world);
  await enter();
  await go("/account/phone");
  await go("/account/phone/send", { phone: NEW, country: "CN" });
  expect((await go("/account/phone")).text).toContain("0502");
  world.clock.advance(MINUTE_MS);
  await go("/account/confirm?to=/account/phone");
  expect(await go("/account/confirm/send", {})).toMatchObject({ status: 303 });
  await go("/account");
  if (way === "signed out") await go("/sign-out", {});
  else await signOutElsewhere(PHONE);
  world.clock.advance(MINUTE_MS);

  expect(await enter(OTHER)).toMatchObject({ location: "/account" });
  expect((await go("/account/phone")).text).not.toContain("0502");
  world.clock.advance(MINUTE_MS);
  await go("/account/confirm?to=/account/phone");
  const [mine, theirs] = [messagesTo(PHONE), messagesTo(OTHER)];
  expect(await go("/account/confirm/send", {})).toMatchObject({ status: 303 });
  expect([messagesTo(PHONE), messagesTo(OTHER)]).toEqual([mine, theirs + 1]);
});

it.each([
  ["/account/phone", "/account/phone/send", { phone: NEW, country: "CN" }],
  ["/account/confirm?to=/account/data", "/account/confirm/send", {}],
  ["/account/data", "/account/data/send", {}],
])("a user who signs in again can get and enter a new code of %s", async (page, send, form) => {
  ({ world } = await createPasswordWorld());
  const { go, enter } = createVisitor(world);
  await enter();
  await go(page);
  expect(await go(send, form)).toMatchObject({ status: 303 });
  await go("/account");
  await go("/sign-out", {});
  world.clock.advance(MINUTE_MS);
  await enter();
  world.clock.advance(MINUTE_MS);
  await go(page);
  expect(await go(send, form)).toMatchObject({ status: 303 });
  expect((await go(page)).text).toContain('name="code"');
});

it("a change of number goes on if its form was sent twice by a second click", async () => {
  ({ world } = await createPasswordWorld());
  const { go, enter } = createVisitor(world);
  await enter();
  await go("/account/phone");
  expect(await go("/account/phone/send", { phone: NEW, country: "CN" })).toMatchObject({ status: 303 });
  expect((await go("/account/phone/send", { phone: NEW, country: "CN" })).status).toBe(429);
  await go("/account/phone");
  const moved = await go("/account/phone", { code: world.sms.lastCode(NEW) });
  expect(moved).toMatchObject({ status: 303, location: "/account/phone" });
  expect((await go("/account/phone")).text).toContain('action="/account/phone/cancel"');
});

it("a resend from a page whose code has expired leads back to the entry of the new number", async () => {
  ({ world } = await createPasswordWorld());
  const { go, enter } = createVisitor(world);
  await enter();
  await go("/account/phone");
  await go("/account/phone/send", { phone: NEW, country: "CN" });
  await go("/account/phone");
  world.clock.advance(10 * MINUTE_MS);
  expect(await go("/account/phone/resend", {})).toMatchObject({ status: 303, location: "/account/phone" });
  expect((await go("/account/phone")).text).toContain('name="phone"');
});

/** The hidden fields of a page's form. */
function hiddenOf(page: string, action: string): Record<string, string> {
  const [, form = ""] = page.split(`action="${action}"`);
  const fields = (form.split("</form>")[0] ?? "").matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g);
  return Object.fromEntries([...fields].map(([, name = "", value = ""]) => [name, value]));
}

/**
 * Sends a form twice at once, as a double click does without scripts, and keeps the cookies of only one answer.
 *
 * @param kept the index of the answer that the browser keeps
 * @returns where both lead
 */
async function twiceAtOnce(
  { go, keep, sending }: ReturnType<typeof createVisitor>,
  page: string,
  { action, typed = {}, kept }: { action: string; typed?: Record<string, string>; kept: number },
) {
  const { text } = await go(page);
  const sent = sending({ ...hiddenOf(text, action), ...typed });
  const answers = await Promise.all([world.request(action, sent), world.request(action, sent)]);
  keep(answers[kept]!);
  return answers.map((answer) => answer.headers.get("location"));
}

describe.each([0, 1])("a double click of which only answer %i arrives leads on to the code", (kept) => {
  it.each([
    ["/account/data", "/account/data/send", {}],
    ["/account/phone", "/account/phone/send", { phone: NEW, country: "CN" }],
    ["/account/confirm?to=%2Faccount%2Fdata", "/account/confirm/send", {}],
  ])("on %s", async (page, action, typed) => {
    ({ world } = await createPasswordWorld());
    const visitor = createVisitor(world);
    await visitor.enter();
    world.clock.advance(MINUTE_MS);
    const before = world.sms.sent.length;
    expect(await twiceAtOnce(visitor, page, { action, typed, kept })).toEqual([page, page]);
    expect(world.sms.sent.length).toBe(before + 1);
    expect((await visitor.go(page)).text).toContain('name="code"');
  });

  it("on /sign-in/second", async () => {
    ({ world } = await createPasswordWorld());
    await guarded(PHONE);
    world.clock.advance(MINUTE_MS);
    const visitor = await atSecondStep(PHONE);
    const before = messagesTo(PHONE);
    const [page, action] = ["/sign-in/second", "/sign-in/second/send"];
    expect(await twiceAtOnce(visitor, page, { action, kept })).toEqual([page, page]);
    expect(messagesTo(PHONE)).toBe(before + 1);
    await visitor.go(page);
    const entered = await visitor.go(page, { by: "sms", code: world.sms.lastCode(PHONE) });
    expect(entered).toMatchObject({ location: "/account" });
  });

  it.each([
    ["/sign-in", "/sign-in/code", "/sign-in/resend"],
    ["/sign-in/forgotten", "/sign-in/forgotten/code", "/sign-in/forgotten/resend"],
  ])("on the resend of %s after the code has ended", async (start, page, action) => {
    ({ world } = await createPasswordWorld());
    const visitor = createVisitor(world);
    await visitor.go(start);
    await visitor.go(start, { phone: PHONE, country: "CN" });
    world.clock.advance(10 * MINUTE_MS);
    expect(await twiceAtOnce(visitor, page, { action, kept })).toEqual([page, page]);
    expect(messagesTo(PHONE)).toBe(2);
    expect((await visitor.go(page)).text).toContain('name="code"');
  });
});
