import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRedisLimitStore } from "../../../src/adapters/redis/limits.ts";
import { createRedisVerificationStore } from "../../../src/adapters/redis/verifications.ts";
import { explain } from "../../../src/compose/explain.ts";
import { limitStoreContract } from "../../contracts/limit-store.ts";
import { verificationStoreContract } from "../../contracts/verification-store.ts";
import { type Certificates, makeCertificates } from "../../support/services/certificates.ts";
import { connectTo, startRedis, startRedisCluster } from "../../support/services/redis.ts";
import { startSentinels } from "../../support/services/redis-sentinel.ts";

const folder = mkdtempSync(join(tmpdir(), "phonekey-tls-"));
const certificates: Certificates = makeCertificates(folder, "localhost");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const forgetsByItself = { forgetsByItself: true };

describe.each([
  ["one server", () => startRedis({ certificates, password: "a-password" })],
  ["Sentinel", () => startSentinels(certificates)],
  ["a cluster", () => startRedisCluster(certificates)],
])("over TLS, %s", (name, start) => {
  let server: { readonly url: string; stop(): Promise<void> };
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());

  verificationStoreContract(
    `Redis, ${name}`,
    async () => {
      const redis = await connectTo(server.url);
      return { store: createRedisVerificationStore(redis), close: () => redis.close() };
    },
    forgetsByItself,
  );

  limitStoreContract(
    `Redis, ${name}`,
    async () => {
      const redis = await connectTo(server.url);
      return { store: createRedisLimitStore(redis), close: () => redis.close() };
    },
    forgetsByItself,
  );

  /** What a person is told where the URL has these parameters instead. */
  const refusal = async (changes: Readonly<Record<string, string>>, scheme = "rediss") => {
    const [base = "", query] = server.url.replace("rediss", scheme).split("?");
    const parameters = new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(query)), ...changes });
    for (const [key, value] of [...parameters]) if (value === "") parameters.delete(key);
    const connected = connectTo(`${base}?${parameters}`, { timeoutMs: 500 });
    return await connected.then(
      (redis) => redis.close(),
      (error: unknown) => explain(error),
    );
  };

  test("takes no certificate of an unknown authority", async () => {
    expect(await refusal({ sslCa: "" })).toMatch(/^Redis is unavailable: its certificate is not good: .+/);
  });

  test("takes no certificate for another name", async () => {
    const said = await refusal({ sslName: "elsewhere.example" });
    expect(said).toMatch(/^Redis is unavailable: its certificate is not good: .*elsewhere\.example/);
  });

  test.each(["nothing.pem", "server.key"])(
    "names what is wrong with %s, and not where it is",
    async (name) => {
      const sentence =
        "Redis is unavailable: the CA file that STATE_URL names cannot be read, or holds no certificate";
      expect(await refusal({ sslCa: join(folder, name) })).toBe(sentence);
    },
  );

  test("cannot be reached in plain text", async () => {
    const said = await refusal({ sslCa: "", sslName: "" }, "redis");
    expect(said).toBe(
      "Redis is unavailable: the connection was cut; perhaps one side expects TLS and the other does not",
    );
  });
});
