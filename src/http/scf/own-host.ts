/** What is known of the function that this is. */
export interface ScfSettings {
  /** The account's id, which begins the host of its functions' URLs; where the platform tells it. */
  readonly appId?: string;
}

/**
 * An origin that leads nowhere (RFC 2606, section 2): the issuer where no address of ours is known, and what links are
 * made of when a request came by a host that is not the function's own.
 */
export const NOWHERE = "https://phonekey.invalid";

/** `1250000000-0abcdef123.ap-guangzhou.tencentscf.com`, with `in` in it where it is private. */
const FUNCTION_HOST = /^(\d+)-[a-z0-9]+(\.in)?\.[a-z]+(-[a-z0-9]+)+(\.in)?\.tencentscf\.com$/i;

/** Whether a `Host` is that of a Function URL of this account: only there the platform vouches for its headers. */
export function isOwnHost(host: string | undefined, { appId }: ScfSettings): boolean {
  const account = FUNCTION_HOST.exec(host ?? "")?.[1];
  return account !== undefined && (appId === undefined || account === appId);
}
