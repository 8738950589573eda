import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { explain } from "../../../src/compose/explain.ts";
import { type Certificates, makeCertificates } from "../../support/services/certificates.ts";
import { connectTo, startRedis, startRedisCluster } from "../../support/services/redis.ts";
import { startSentinels } from "../../support/services/redis-sentinel.ts";
import { redisStoreContracts } from "./store-contracts.ts";

const folder = mkdtempSync(join(tmpdir(), "phonekey-tls-"));
const certificates: Certificates = makeCertificates(folder, "localhost");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each([
  ["one server", () => startRedis({ certificates, password: "a-password" })],
  ["Sentinel", () => startSentinels(certificates)],
  ["a cluster", () => startRedisCluster(certificates)],
])("over TLS, %s", (name, start) => {
  const url = redisStoreContracts(`Redis, ${name}`, start);

  /** What the operator is told if the URL has these parameters instead. */
  const refusal = async (changes: Readonly<Record<string, string>>, scheme = "rediss") => {
    const [base = "", query] = url().replace("rediss", scheme).split("?");
    const parameters = new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(query)), ...changes });
    for (const [key, value] of [...parameters]) if (value === "") parameters.delete(key);
    const connected = connectTo(`${base}?${parameters}`, { timeoutMs: 500 });
    return await connected.then(
      (redis) => redis.close(),
      (error: unknown) => explain(error),
    );
  };

  test("refuses a certificate of an unknown authority", async () => {
    expect(await refusal({ sslCa: "" })).toMatch(/^Redis is unavailable: its certificate is not good: .+/);
  });

  test("refuses a certificate for another name", async () => {
    const said = await refusal({ sslName: "elsewhere.example" });
    expect(said).toMatch(/^Redis is unavailable: its certificate is not good: .*elsewhere\.example/);
  });

  test.each(["nothing.pem", "server.key"])(
    "says that the CA file %s cannot be used, without its path",
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
