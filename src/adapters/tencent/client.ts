import type { AbstractClient, ClientConfig } from "tencentcloud-sdk-nodejs-common";
import { type Connections, createConnections } from "./connections.ts";
import { errorOf } from "./errors.ts";

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
  /** An origin to connect to instead of the product's own host, for tests and private links. */
  readonly endpoint?: string;
}

/** An official client of one product of Tencent Cloud. */
export interface TencentClient {
  /**
   * One call of an action, without retry. Resolves with what the product answered, as it is: whoever reads it must
   * not trust its shape. Rejects with `TencentError`.
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
  const connections = createConnections(access.endpoint);
  let client: Promise<AbstractClient> | undefined;
  return {
    call: (action, parameters, signal) =>
      connections.track(async (hasLeft) => {
        try {
          client ??= load(clientConfig(access, connections));
          const loaded = await client;
          return (await loaded.request(action, parameters, signal ? { signal } : {})) as unknown;
        } catch (error) {
          throw errorOf(error, hasLeft());
        }
      }),
  };
}

function clientConfig(access: TencentAccess, { agent, leaving }: Connections): ClientConfig {
  const { region, endpoint } = access;
  const getCredential = async () => {
    const credential = await access.credential();
    leaving();
    return { ...credential };
  };
  const protocol = endpoint?.startsWith("http:") ? "http://" : "https://";
  return {
    region,
    credential: { getCredential },
    profile: { language: "en-US", httpProfile: { protocol, agent } },
  };
}
