import dns from "node:dns";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  createCommonClient,
  createSmsClient,
  type TencentAccess,
} from "../../../src/adapters/tencent/client.ts";
import { TencentError } from "../../../src/adapters/tencent/errors.ts";
import { listen } from "../../support/listen.ts";
import { makeCertificates } from "../../support/services/certificates.ts";
import { type CloudAction, checkParameters } from "../../support/tencent/call.ts";
import { type CloudOptions, startCloud } from "../../support/tencent/cloud.ts";
import { SMS } from "../../support/tencent/sms.ts";

const KEYS = { secretId: "AKIDtest", secretKey: "secretTEST" };
const statistics: CloudAction = (call) => {
  checkParameters(call, { Limit: "integer!", Offset: "integer" });
  return { Total: 3 };
};
const STATISTICS = { ...SMS, actions: { SendStatusStatistics: statistics } };

async function start(options: Partial<CloudOptions> = {}) {
  const cloud = await startCloud({ products: [STATISTICS], accounts: [KEYS], ...options });
  onTestFinished(cloud.close);
  return cloud;
}

function access(endpoint: string, more: Partial<TencentAccess> = {}): TencentAccess {
  return { credential: () => KEYS, region: "ap-guangzhou", endpoint, ...more };
}

/** The error of a call that must fail. */
async function failure(access: TencentAccess, parameters: object = { Limit: 0 }, deadlineMs = 2_000) {
  const client = createSmsClient(access);
  const call = client.call("SendStatusStatistics", parameters, AbortSignal.timeout(deadlineMs));
  const error: unknown = await call.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TencentError);
  return error as TencentError;
}

describe("calls of the Tencent client", () => {
  it("are signed as the cloud requires, both by the SMS client and by the common one", async () => {
    const cloud = await start();
    const sms = createSmsClient(access(cloud.url));
    const common = createCommonClient("sms.tencentcloudapi.com", "2021-01-11", access(cloud.url));
    for (const client of [sms, common]) {
      const answer = await client.call("SendStatusStatistics", { Limit: 0 });
      expect(answer).toEqual({ Total: 3, RequestId: cloud.calls.at(-1)?.requestId });
    }
    expect(cloud.calls.map(({ region }) => region)).toEqual(["ap-guangzhou", "ap-guangzhou"]);
  });

  it("share one connection", async () => {
    const cloud = await start();
    const client = createSmsClient(access(cloud.url));
    for (let n = 0; n < 3; n += 1) await client.call("SendStatusStatistics", { Limit: n });
    expect(cloud.connections()).toBe(1);
  });

  it("read the credential each time, and send its token", async () => {
    const role = { secretId: "AKIDrole", secretKey: "temporary", token: "token-1" };
    const cloud = await start({ accounts: [KEYS, role] });
    let current: typeof KEYS = KEYS;
    const client = createSmsClient(access(cloud.url, { credential: async () => current }));
    await client.call("SendStatusStatistics", { Limit: 0 });
    current = role;
    await client.call("SendStatusStatistics", { Limit: 0 });
    expect(cloud.calls).toHaveLength(2);
  });

  it("ignore a proxy that the environment names", async () => {
    vi.stubEnv("http_proxy", "http://127.0.0.1:9");
    onTestFinished(() => void vi.unstubAllEnvs());
    const cloud = await start();
    await createSmsClient(access(cloud.url)).call("SendStatusStatistics", { Limit: 0 });
    expect(cloud.calls).toHaveLength(1);
  });
});

describe("encrypted connections of the Tencent client", () => {
  /** Ends TLS in front of the stand-in. */
  async function encrypted(name: string) {
    const folder = mkdtempSync(join(tmpdir(), "phonekey-tls-"));
    const { certFile, keyFile } = makeCertificates(folder, name);
    const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)];
    rmSync(folder, { recursive: true });
    const cloud = await start();
    const port = Number(new URL(cloud.url).port);
    const names: unknown[] = [];
    const server = createTlsServer({ cert, key }, (socket) => {
      names.push(socket.servername);
      pipeline(socket, connect(port, "127.0.0.1"), socket, () => {});
    });
    const tlsPort = await listen(server);
    const at = (host: string) => access(`https://${host}:${tlsPort}`);
    return { cloud, at, names };
  }

  /** Resolves this host to 127.0.0.1 in this process. */
  function standsFor(host: string) {
    const { lookup } = dns;
    const here = (name: string, ...rest: unknown[]) =>
      Reflect.apply(lookup, dns, [name === host ? "127.0.0.1" : name, ...rest]);
    const spy = vi.spyOn(dns, "lookup").mockImplementation(here as typeof lookup);
    onTestFinished(() => spy.mockRestore());
  }

  it("are opened once and kept", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    onTestFinished(() => void vi.unstubAllEnvs());
    const { cloud, at, names } = await encrypted("localhost");
    const client = createSmsClient(at("localhost"));
    for (let n = 0; n < 3; n += 1) await client.call("SendStatusStatistics", { Limit: n });
    expect({ calls: cloud.calls.length, opened: names.length }).toEqual({ calls: 3, opened: 1 });
  });

  it("to another host of the cloud use its name for SNI and in the signature", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    onTestFinished(() => void vi.unstubAllEnvs());
    const host = "sms.intl.tencentcloudapi.com";
    const { cloud, at, names } = await encrypted(host);
    standsFor(host);
    await createSmsClient(at(host)).call("SendStatusStatistics", { Limit: 0 });
    expect(names).toEqual([host]);
    expect(cloud.calls.map((call) => call.host?.replace(/:\d+$/, ""))).toEqual([host]);
  });

  it.each(["localhost", "127.0.0.1"])(
    "send nothing to a server with a certificate that is untrusted or for another name: %s",
    async (host) => {
      const { cloud, at } = await encrypted("localhost");
      expect(await failure(at(host))).toMatchObject({ hasLeft: false });
      expect(cloud.calls).toHaveLength(0);
    },
  );
});

describe("the Tencent client, when the cloud refuses a call,", () => {
  it.each<[string, Partial<TencentAccess>, Partial<CloudOptions>, object?]>([
    ["AuthFailure.SignatureFailure", { credential: () => ({ ...KEYS, secretKey: "another" }) }, {}],
    ["AuthFailure.SecretIdNotFound", { credential: () => ({ ...KEYS, secretId: "AKIDother" }) }, {}],
    ["AuthFailure.TokenFailure", { credential: () => ({ ...KEYS, token: "old" }) }, {}],
    ["AuthFailure.SignatureExpire", {}, { clock: { now: () => Date.now() + 301_000 } }],
    ["AuthFailure.SignatureExpire", {}, { clock: { now: () => Date.now() - 302_000 } }],
    ["UnsupportedRegion", { region: "eu-atlantis" }, {}],
    ["MissingParameter", {}, {}, {}],
    ["InvalidParameter", {}, {}, { Limit: "0" }],
    ["UnknownParameter", {}, {}, { Limit: 0, Colour: "red" }],
    ["InvalidAction", {}, { products: [{ ...STATISTICS, actions: {} }] }],
    ["NoSuchVersion", {}, { products: [{ ...STATISTICS, version: "2019-07-11" }] }],
    ["NoSuchProduct", {}, { products: [{ ...STATISTICS, service: "cvm" }] }],
  ])("rejects with the code %s and the request id", async (code, more, options, parameters) => {
    const cloud = await start(options);
    const error = await failure(access(cloud.url, more), parameters);
    expect(error).toMatchObject({ code, hasLeft: true });
    expect(error.requestId).toMatch(/^[\da-f-]{36}$/);
  });

  it("is not refused for a clock that is off by less than five minutes", async () => {
    const cloud = await start({ clock: { now: () => Date.now() + 298_000 } });
    await createSmsClient(access(cloud.url)).call("SendStatusStatistics", { Limit: 0 });
  });
});

describe("the Tencent client, when something fails on the way,", () => {
  it.each([
    [{ httpStatus: 502, body: "Bad gateway" }, { httpStatus: 502 }],
    [{ garbage: "<html>" }, {}],
    [{ garbage: '{"Answer":{}}' }, {}],
    [{ garbage: "null" }, {}],
    [{ cut: "taken" }, {}],
    [{ hang: "not_taken" }, {}],
  ] as const)("says that the request may have been carried out: %j", async (fault, expected) => {
    const cloud = await start();
    cloud.faults.push(fault);
    const error = await failure(access(cloud.url), { Limit: 0 }, 300);
    expect(error).toMatchObject({ hasLeft: true, ...expected });
    expect(error.code).toBeUndefined();
  });

  it("says that the request has not left if nobody listens", async () => {
    const cloud = await start();
    await cloud.close();
    expect(await failure(access(cloud.url))).toMatchObject({ hasLeft: false });
  });

  it.each(["nowhere.invalid", "localhost"])("says that nothing left if %s is unreachable", async (host) => {
    expect(await failure(access(`http://${host}:9`))).toMatchObject({ hasLeft: false });
  });

  it("says that the request has not left if TLS does not come up", async () => {
    const port = await listen(createServer(() => {}));
    expect(await failure(access(`https://127.0.0.1:${port}`), {}, 200)).toMatchObject({ hasLeft: false });
  });

  it("gives up a connection that does not come up in three seconds", async () => {
    const port = await listen(createServer(() => {}));
    expect(await failure(access(`https://127.0.0.1:${port}`), {}, 60_000)).toMatchObject({ hasLeft: false });
  });

  it("says that the request has not left if there is no credential", async () => {
    const cloud = await start();
    const credential = () => Promise.reject(new Error("no role"));
    const error = await failure(access(cloud.url, { credential }));
    expect(error).toMatchObject({ code: "AuthFailure.NoCredential", hasLeft: false });
    expect(cloud.calls).toHaveLength(0);
  });

  it("puts nothing of the request or the answer into the error, except the code", async () => {
    const cloud = await start();
    cloud.faults.push({ error: "InternalError" });
    const error = await failure(access(cloud.url), { Limit: 0, Secret: "s3cr3t" });
    expect(error.message).toBe("Tencent Cloud: InternalError");
    expect(error.cause).toBeUndefined();
  });
});
