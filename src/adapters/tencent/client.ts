import type { AbstractClient, ClientConfig } from "tencentcloud-sdk-nodejs-common";
import type { Connections } from "./connections.ts";
import { errorOf, TencentError } from "./errors.ts";

export interface TencentCredential {
  readonly secretId: string;
  readonly secretKey: string;
  /** Comes with the temporary keys of a role. */
  readonly token?: string;
}

export interface TencentAccess {
  /** Read for every call: the keys of a role change while its function runs. */
  readonly credential: () => TencentCredential | Promise<TencentCredential>;
  readonly region: string;
  /**
   * An origin to connect to instead of the product's own host: another host of the cloud, or one for tests and private
   * links.
   */
  readonly endpoint?: string;
}

/** An official client of one product of Tencent Cloud. */
export interface TencentClient {
  /**
   * One call of an action, without retry. Resolves with the product's unchecked answer: the caller must not trust its
   * shape. Rejects with `TencentError`.
   *
   * @param signal ends the call; without one it takes a minute at most
   */
  call(action: string, parameters: object, signal?: AbortSignal): Promise<unknown>;
}

/** The client of the SMS API, version 2021-01-11. Its library is loaded with the first call. */
export function createSmsClient(access: TencentAccess): TencentClient {
  return createClient(access, async (config) => {
    const { sms } = await import("tencentcloud-sdk-nodejs-sms");
    return new sms.v20210111.Client(config);
  });
}

/**
 * A client of any product, such as `captcha.tencentcloudapi.com` in version `2019-07-22`. Its library is loaded with
 * the first call.
 */
export function createCommonClient(host: string, version: string, access: TencentAccess): TencentClient {
  return createClient(access, async (config) => {
    const { CommonClient } = await import("tencentcloud-sdk-nodejs-common");
    return new CommonClient(host, version, config);
  });
}

function createClient(
  access: TencentAccess,
  load: (config: ClientConfig) => Promise<AbstractClient>,
): TencentClient {
  const { endpoint } = access;
  let opening: Promise<Connections> | undefined;
  const open = async () => (await import("./connections.ts")).createConnections(endpoint);
  return {
    async call(action, parameters, signal) {
      opening ??= open().catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      const connections = await opening;
      return await connections.track(async (hasLeft) => {
        const credential = await readCredential(access);
        try {
          const client = await load(clientConfig(access, credential, connections));
          connections.leaving();
          return (await client.request(action, parameters, signal ? { signal } : {})) as unknown;
        } catch (error) {
          throw errorOf(error, hasLeft());
        }
      });
    },
  };
}

/** Without a key no request is made. The operator is told the same as if the cloud had refused a key. */
async function readCredential({ credential }: TencentAccess): Promise<TencentCredential> {
  try {
    return await credential();
  } catch {
    throw new TencentError({ code: NO_CREDENTIAL, hasLeft: false });
  }
}

const NO_CREDENTIAL = "AuthFailure.NoCredential";

function clientConfig(
  { region, endpoint }: TencentAccess,
  credential: TencentCredential,
  { agent, host }: Connections,
): ClientConfig {
  const protocol = endpoint?.startsWith("http:") ? "http://" : "https://";
  return {
    region,
    credential: { ...credential },
    profile: { language: "en-US", httpProfile: { protocol, agent, ...(host && { endpoint: host }) } },
  };
}
