import { afterEach, beforeEach, expect, it } from "vitest";
import { createVisitor } from "../../support/visitor.ts";
import { bearer, createWorld, type OpenedSession, type World } from "../../support/world.ts";
import { bodyOf, PHONE, refused, type VerificationBody } from "../support.ts";

let world: World;
let owner: OpenedSession;
let thief: OpenedSession;
beforeEach(async () => {
  world = await createWorld();
  thief = await world.signIn();
  world.clock.advance(60_000);
  owner = await world.signIn();
});
afterEach(() => world.close());

interface Sending {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Sends a request up to the first byte of its body; `end` sends the rest. */
async function begin(path: string, { body, ...init }: Sending) {
  const bytes = new TextEncoder().encode(body);
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const first = writer.write(bytes.slice(0, 1));
  const headers = { ...init.headers, "content-length": String(bytes.length) };
  const response = Promise.resolve(world.request(path, { ...init, headers, body: readable, duplex: "half" }));
  // Time enough for everything that is done before the body is needed.
  await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    response,
    end: async () => {
      await first;
      await writer.write(bytes.slice(1));
      await writer.close();
    },
  };
}

const json = (method: string, accessToken: string, body: object) => ({
  method,
  headers: { ...bearer(accessToken), "content-type": "application/json" },
  body: JSON.stringify(body),
});

const endOthers = () =>
  world.request("/v1/sessions?scope=others", { method: "DELETE", headers: bearer(owner.accessToken) });
const me = () => world.request("/v1/me", { headers: bearer(owner.accessToken) });

it("changes no profile if the session ends before the body of the request has arrived", async () => {
  const slow = await begin("/v1/me", json("PATCH", thief.accessToken, { name: "Mine now" }));
  expect((await endOthers()).status).toBe(204);
  await slow.end();
  await refused(await slow.response, "invalid_token");
  expect(await bodyOf(await me())).toMatchObject({ name: "" });
});

it("erases no account if the session ends before the body of the request has arrived", async () => {
  const asked = await world.post(
    "/v1/verifications",
    { purpose: "delete_account" },
    bearer(thief.accessToken),
  );
  const { id: verificationId } = await bodyOf<VerificationBody>(asked);
  const body = { verificationId, code: world.sms.lastCode(PHONE) };
  const slow = await begin("/v1/me", json("DELETE", thief.accessToken, body));
  expect((await endOthers()).status).toBe(204);
  await slow.end();
  await refused(await slow.response, "invalid_token");
  expect((await me()).status).toBe(200);
});

it("changes no profile on the pages if the session ends before the form has arrived", async () => {
  world.clock.advance(60_000);
  const visitor = createVisitor(world);
  await visitor.enter();
  await visitor.go("/account");
  const { body = "", ...init } = visitor.sending({ name: "Mine now" });
  const slow = await begin("/account/profile", { ...init, body });
  expect((await endOthers()).status).toBe(204);
  await slow.end();
  expect((await slow.response).headers.get("location")).toBe("/sign-in");
  expect(await bodyOf(await me())).toMatchObject({ name: "" });
});
