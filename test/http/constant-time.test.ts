import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from "vitest";
import { createPasswordHasher } from "../../src/adapters/scrypt/hasher.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import { createVisitor } from "../support/visitor.ts";
import { bearer, createWorld, type World } from "../support/world.ts";
import { createTencentWorld, SECRETS } from "../tencent/support.ts";
import { delivered, sent as sentByWebhook, signed } from "../webhook/support.ts";
import { open, start, wrongCode } from "./support.ts";

/** What timingSafeEqual compared: the bytes of both, as Latin-1. */
const compared: (readonly [string, string])[] = [];

const { timingSafeEqual } = crypto;
beforeAll(() => {
  crypto.timingSafeEqual = (left, right) => {
    compared.push([textOf(left), textOf(right)]);
    return timingSafeEqual(left, right);
  };
  syncBuiltinESMExports();
});
afterAll(() => {
  crypto.timingSafeEqual = timingSafeEqual;
  syncBuiltinESMExports();
});
beforeEach(() => {
  compared.length = 0;
});

const textOf = (bytes: NodeJS.ArrayBufferView) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");

async function newWorld(env: Record<string, string> = {}): Promise<World> {
  const world = await createWorld({ env });
  onTestFinished(() => world.close());
  return world;
}

/** Another text of the same length. */
const unlike = (text: string) => `${text.startsWith("A") ? "B" : "A"}${text.slice(1)}`;

/** Sends what differs from the secret in one place; resolves with the two that must have been compared. */
const SHOWN: readonly (readonly [what: string, show: () => Promise<readonly [string, string]>])[] = [
  [
    "a code",
    async () => {
      const world = await newWorld();
      const { id } = await start(world);
      const right = world.sms.lastCode();
      await open(world, id, wrongCode(right));
      return [wrongCode(right), right];
    },
  ],
  [
    "the signature of a refresh token",
    async () => {
      const world = await newWorld();
      const { refreshToken } = await world.signIn();
      const [head, claims, mac = ""] = refreshToken.split(".");
      await world.post("/v1/sessions/refresh", { refreshToken: `${head}.${claims}.${unlike(mac)}` });
      const bytesOf = (text: string) => Buffer.from(text, "base64url").toString("latin1");
      return [bytesOf(mac), bytesOf(unlike(mac))];
    },
  ],
  [
    "the token of a form",
    async () => {
      const world = await newWorld();
      const visitor = createVisitor(world);
      const { text } = await visitor.go("/sign-in");
      const [, right = ""] = /name="csrf" value="([^"]+)"/.exec(text) ?? [];
      const { headers } = visitor.sending({});
      const body = new URLSearchParams({ csrf: unlike(right) }).toString();
      await world.request("/sign-in", { method: "POST", headers, body });
      return [unlike(right), right];
    },
  ],
  [
    "METRICS_TOKEN",
    async () => {
      const right = "token-of-the-metrics-0123456789abcdef";
      const world = await newWorld({ METRICS_TOKEN: right });
      await world.request("/metrics", { headers: bearer(unlike(right)) });
      return [unlike(right), right];
    },
  ],
  [
    "the secret in the address for delivery reports",
    async () => {
      const [right = ""] = SECRETS;
      const { report } = await createTencentWorld();
      await report([], unlike(right));
      return [unlike(right), right];
    },
  ],
  [
    "the signature of a delivery report",
    async () => {
      const { tell, id, world } = await sentByWebhook();
      const body = delivered(id);
      const at = Math.floor(world.clock.now() / 1_000);
      const right = signed(JSON.stringify(body), { id: "m", at })["webhook-signature"];
      const wrong = `v1,${unlike(right.slice(3))}`;
      await tell(body, { id: "m", at, headers: { "webhook-signature": wrong } });
      return [wrong, right];
    },
  ],
  [
    "the hash of a password",
    async () => {
      const hasher = createPasswordHasher({ random: systemRandom, cost: { ln: 4, r: 8, p: 1 } });
      const hashOf = (phc: string) => Buffer.from(phc.split("$").at(-1) ?? "", "base64").toString("latin1");
      const stored = await hasher.hash("lantern orchard");
      await hasher.verify("lantern orchard", stored);
      return [hashOf(stored), hashOf(stored)];
    },
  ],
];

it.each(SHOWN)("%s is compared in constant time (T32)", async (_, show) => {
  expect(compared).toContainEqual(await show());
});
