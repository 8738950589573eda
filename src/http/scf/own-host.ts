/** What is known of the function that this is. */
export interface ScfSettings {
  /** The account's id, with which the host of its functions' URLs begins; absent if the platform does not tell it. */
  readonly appId?: string;
}

/**
 * An origin that leads nowhere (RFC 2606, section 2). It is the issuer if none of our addresses is known, and the
 * origin of links if a request came by a host that is not the function's own.
 */
export const NOWHERE = "https://phonekey.invalid";

/** `1250000000-0abcdef123.ap-guangzhou.tencentscf.com`; a private one contains `in`. */
const FUNCTION_HOST = /^(\d+)-[a-z0-9]+(\.in)?\.[a-z]+(-[a-z0-9]+)+(\.in)?\.tencentscf\.com$/i;

/** Whether a `Host` is that of a Function URL of this account. Only there does the platform vouch for its headers. */
export function isOwnHost(host: string | undefined, { appId }: ScfSettings): boolean {
  const account = FUNCTION_HOST.exec(host ?? "")?.[1];
  return account !== undefined && (appId === undefined || account === appId);
}
