import { expect, test } from "vitest";
import { canary } from "../../support/canaries.ts";
import { phonekey, startServer, workingFolder } from "../../support/server.ts";
import { bearer, createClient } from "../client.ts";

test("phonekey keys api: create, list, rotate and revoke, beside the server", async () => {
  const folder = workingFolder();
  const server = await startServer({ folder });
  const api = (...args: string[]) => phonekey(["keys", "api", ...args], { folder });
  const starts = async (key: string) => {
    const client = createClient(server);
    const body = { phone: "+8613800138000", purpose: "verify_identity" };
    return (await client.post("/v1/verifications", body, bearer(key))).status;
  };

  expect(await api("list")).toMatchObject({ code: 0, stdout: "", stderr: "There are no API keys.\n" });
  const made = await api(
    "create",
    "shop",
    "--purposes",
    "verify_identity",
    "--sends",
    "50/1h",
    ...["--spend-hour", "20 CNY", "--return-to", "https://shop.example.com/back"],
  );
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^pk_[\w-]{43}\n$/) });
  const key = made.stdout.trim();
  canary("token", key);
  expect(await starts(key)).toBe(201);

  const again = await api("create", "shop", "--purposes", "verify_identity");
  expect(again).toMatchObject({ code: 1, stdout: "" });
  const rotated = await api("rotate", "shop", "--overlap", "0", "--json");
  const next = JSON.parse(rotated.stdout) as { key: string; client: string };
  canary("token", next.key);
  expect(next.client).toBe("shop");
  expect(await starts(key)).toBe(401);

  const listed = JSON.parse((await api("list", "--json")).stdout) as Record<string, unknown>[];
  expect(listed.map(({ state }) => state)).toStrictEqual(["expired", "good"]);
  expect(listed[1]).toMatchObject({
    purposes: ["verify_identity"],
    sends: [{ max: 50, windowMs: 3_600_000 }],
    spend: { hour: 20_000_000 },
    returnTo: ["https://shop.example.com/back"],
  });
  expect(listed[1]).not.toHaveProperty("hash");
  expect((await api("list")).stdout).toMatch(
    /^shop +expired +until .*\nshop +good +until .*verify_identity\n$/,
  );

  const foreign = ["create", "bank", "--purposes", "verify_identity", "--spend-day", "20 USD"];
  expect(await api(...foreign)).toMatchObject({ code: 1, stderr: expect.stringContaining("SMS_PRICES") });

  expect(await api("revoke", "shop")).toMatchObject({ code: 0, stdout: "Revoked 1 API key of shop.\n" });
  expect(await starts(next.key)).toBe(401);
  expect(await api("revoke", "shop")).toMatchObject({ code: 1, stdout: "" });
  for (const wrong of [
    ["create", "Shop", "--purposes", "verify_identity"],
    ["create", "bank", "--purposes", "everything"],
    ["create", "bank", "--purposes", "change_phone"],
    ["create", "bank", "--purposes", ","],
    ["create", "bank", "--purposes", "verify_identity", "--networks", "nowhere"],
    ["create", "bank", "--purposes", "verify_identity", "--networks", ""],
    ["create", "bank", "--purposes", "verify_identity", "--sends", "5/2d"],
    ["create", "bank", "--purposes", "verify_identity", "--spend-hour", "20"],
    ["create", "bank", "--purposes", "verify_identity", "--return-to", "http://shop.example.com"],
    ["create", "bank"],
  ]) {
    expect((await api(...wrong)).code).toBe(2);
  }
  await server.stop();
});

test("an API key lives as long as asked; its successor has its terms and it stays valid as long as asked", async () => {
  const folder = workingFolder();
  await phonekey(["migrate"], { folder });
  const api = async (...args: string[]) => {
    const { stdout } = await phonekey(["keys", "api", ...args, "--json"], { folder });
    return JSON.parse(stdout) as { key: string; expiresAt: number };
  };
  const hoursLeft = ({ expiresAt }: { expiresAt: number }) => Math.ceil((expiresAt - Date.now()) / 3_600_000);
  const networks = ["--networks", "192.0.2.0/24"];
  const made = await api("create", "shop", "--purposes", "verify_identity", ...networks, "--days", "3");
  const next = await api("rotate", "shop", "--overlap", "5", "--days", "9");
  for (const { key } of [made, next]) canary("token", key);
  expect([hoursLeft(made), hoursLeft(next)]).toEqual([72, 216]);
  const listed = (await api("list")) as unknown as { expiresAt: number; networks: string[] }[];
  expect(listed.map((key) => [hoursLeft(key), key.networks])).toEqual([
    [5, ["192.0.2.0/24"]],
    [216, ["192.0.2.0/24"]],
  ]);
  expect(await api("revoke", "shop")).toEqual({ client: "shop", revoked: 2 });
});

test("phonekey restored names the backends with valid API keys, and ends those keys if asked to", async () => {
  const folder = workingFolder();
  const server = await startServer({ folder });
  await server.stop();
  const made = await phonekey(["keys", "api", "create", "shop", "--purposes", "verify_identity"], { folder });
  canary("token", made.stdout.trim());
  expect((await phonekey(["restored"], { folder })).stdout).toContain("The API keys of shop are valid");
  const ended = await phonekey(["restored", "--end-api-keys", "--json"], { folder });
  expect(JSON.parse(ended.stdout)).toMatchObject({ backends: ["shop"], endedApiKeys: true });
  expect((await phonekey(["keys", "api", "list"], { folder })).stdout).toMatch(/^shop +revoked/);
  expect(JSON.parse((await phonekey(["restored", "--json"], { folder })).stdout)).toMatchObject({
    backends: [],
  });
});

test("an invalid entry of a list is named, and a warning about the settings is printed once", async () => {
  const folder = workingFolder();
  await phonekey(["migrate"], { folder });
  const create = ["keys", "api", "create", "shop", "--purposes"];
  const refused = await phonekey([...create, "verify_identity,everything"], { folder });
  expect(refused.stderr).toMatch(/^error: .* is invalid\. Its entry 2 must be `sign_in`/);
  for (const args of [[...create, "verify_identity"], ["restored"]]) {
    const { code, stderr } = await phonekey(args, { folder, env: { SESSION_DAYS: "60" } });
    expect([code, stderr.match(/^warning: SESSION_DAYS: /gm)]).toEqual([0, ["warning: SESSION_DAYS: "]]);
  }
});
