import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { factorCalls } from "../http/factors/support.ts";
import { DAY_MS, MINUTE_MS, PHONE, refused } from "../http/support.ts";
import { bearer, type OpenedSession, type World } from "../support/world.ts";
import { countingHasher, createPasswordWorld, OTHER, PASSWORD, passwordCalls } from "./support.ts";

let world: World;
/** What happens once, right after the next comparison of a password. */
let meanwhile: (() => Promise<Response>) | undefined;

beforeEach(async () => {
  const { hasher } = countingHasher();
  const passwordHasher: typeof hasher = {
    ...hasher,
    async verify(password, hash) {
      const isRight = await hasher.verify(password, hash);
      const happening = meanwhile;
      meanwhile = undefined;
      if (happening) expect((await happening()).status).toBe(204);
      return isRight;
    },
  };
  ({ world } = await createPasswordWorld({ parts: { passwordHasher } }));
});
afterEach(() => world.close());

const { put, remove, signIn, signUp } = passwordCalls(() => world);
const { addApp, challenged, protect, raise, secondStep } = factorCalls(() => world);

const change = (owner: OpenedSession) => put(owner.accessToken, { newPassword: OTHER });
const endAll = ({ accessToken }: OpenedSession) =>
  Promise.resolve(
    world.request("/v1/sessions?scope=all", { method: "DELETE", headers: bearer(accessToken) }),
  );

describe("a password that was right when it was compared", () => {
  it.each([
    ["it was changed", change],
    ["it was removed", ({ accessToken }: OpenedSession) => remove(accessToken)],
    ["all sessions were ended", endAll],
  ])("opens no session if %s before the sign-in is written", async (_, happening) => {
    const owner = await signUp(PHONE);
    meanwhile = () => happening(owner);
    await refused(await signIn(PHONE, PASSWORD), "invalid_credentials");
  });

  it("is no first step if it was changed before that is written", async () => {
    const owner = await signUp(PHONE);
    await addApp(owner);
    expect((await protect(owner, "always")).status).toBe(204);
    meanwhile = () => change(owner);
    await refused(await signIn(PHONE, PASSWORD), "invalid_credentials");
  });

  it("is no second step if all sessions were ended before that is written", async () => {
    await signUp(PHONE);
    world.clock.advance(DAY_MS);
    const owner = await world.signIn(PHONE);
    expect((await raise(owner, { password: PASSWORD })).status).toBe(200);
    expect((await protect(owner, "always")).status).toBe(204);
    world.clock.advance(MINUTE_MS);
    const { challenge } = await challenged(PHONE);
    meanwhile = () => endAll(owner);
    await refused(await secondStep(challenge, { password: PASSWORD }), "invalid_challenge");
  });
});
