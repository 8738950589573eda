import { createPasswordHasher } from "../../src/adapters/scrypt/hasher.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import type { PasswordHasher } from "../../src/core/password/ports.ts";
import { bearer, createWorld, type World, type WorldOptions } from "../support/world.ts";

export const PASSWORD = "lantern orchard vessel";
export const OTHER = "harbour pencil meadow";

/** The real hashes, made so cheap that a test can wait for many, and counted. */
export function countingHasher() {
  const cost = { ln: 4, r: 8, p: 1 };
  const hasher = createPasswordHasher({ random: systemRandom, cost, atOnce: 4, waiting: 1_000 });
  const done: string[] = [];
  const counted: PasswordHasher = {
    ...hasher,
    hash: (password) => {
      done.push("hash");
      return hasher.hash(password);
    },
    verify: (password, hash) => {
      done.push("verify");
      return hasher.verify(password, hash);
    },
  };
  return { hasher: counted, done };
}

/** A world whose hashes are counted, and without challenges unless a test asks for them. */
export async function createPasswordWorld(options: WorldOptions = {}) {
  const { hasher, done } = countingHasher();
  const env = { CAPTCHA: "off", ...options.env };
  const world = await createWorld({ ...options, env, parts: { passwordHasher: hasher, ...options.parts } });
  return { world, hashes: done };
}

export function passwordCalls(world: () => World) {
  const put = (accessToken: string, body: object) =>
    Promise.resolve(
      world().request("/v1/me/password", {
        method: "PUT",
        headers: { "content-type": "application/json", ...bearer(accessToken) },
        body: JSON.stringify(body),
      }),
    );
  return {
    put,
    remove: (accessToken: string) =>
      Promise.resolve(world().request("/v1/me/password", { method: "DELETE", headers: bearer(accessToken) })),
    signIn: (phone: string, password: string, more: object = {}, from?: string) =>
      world().post("/v1/sessions", { phone, password, ...more }, {}, from),
    reset: (verificationId: string, code: string, newPassword: string) =>
      world().post("/v1/password-resets", { verificationId, code, newPassword }),
    /** Signs in by code and sets a password; resolves with the session. */
    async signUp(phone: string, password = PASSWORD) {
      const session = await world().signIn(phone);
      const answer = await put(session.accessToken, { newPassword: password });
      if (answer.status !== 204)
        throw new Error(`setting it answered ${answer.status}: ${await answer.text()}`);
      return session;
    },
  };
}
