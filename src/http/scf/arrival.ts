import type { Log } from "../context.ts";
import { FORWARDING_HEADERS } from "../middleware/client-address.ts";
import { isOwnHost, type ScfSettings } from "./own-host.ts";
import { type RoleKeys, readRoleKeys } from "./role.ts";

/** Names and values of header fields as they arrived, including repeated ones. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** A request without what the platform added to it. */
export interface Arrival {
  readonly fields: Fields;
  /** The client's address; undefined if no trusted source names it. */
  readonly peer: string | undefined;
}

/** Addresses that no header tells. */
export interface Ends {
  /** The address of the connection's other end. On SCF that is the platform. */
  readonly neighbour?: string | undefined;
  /** The client's address, as a gateway names it in a place that no client can write to. */
  readonly client?: string | undefined;
}

export type Arrive = (fields: Fields, ends: Ends) => Arrival;

export interface ArrivalSettings extends ScfSettings {
  readonly clientIpHeader?: string;
  readonly trustedProxies: readonly string[];
}

interface ArriveDeps {
  readonly log: Log;
  readonly settings: ArrivalSettings;
  /**
   * Gets the keys of a web function's role from requests to its own host. Set only if the platform is known to send
   * them: a person who could choose these keys could have the messages sent by an account of their own, and read every
   * code.
   */
  readonly onRoleKeys?: (keys: RoleKeys) => void;
}

const REMOTE_ADDRESS = "x-scf-remote-addr";
/**
 * The address for all clients that send that field themselves, in case the platform adds its own value to it. If a
 * client could end up without an address that way, it would have no limits by address.
 */
const OF_SEVERAL = "0.0.0.0";

/**
 * Reads and removes what SCF adds to a request. On the function's own host the platform sets `x-scf-remote-addr`. On a
 * custom domain it passes on the client's own field, and no other header is known to be the platform's. There the
 * client's address stays unknown, and the log says once that limits by address are off (T35).
 *
 * An operator who set `CLIENT_IP_HEADER` or `TRUSTED_PROXIES` knows what is in front, so those settings are trusted.
 */
export function createArrive({ log, settings, onRoleKeys }: ArriveDeps): Arrive {
  const isConfigured = settings.clientIpHeader !== undefined || settings.trustedProxies.length > 0;
  let hasWarned = false;
  const warn = () => {
    if (hasWarned) return;
    hasWarned = true;
    log.warn({}, "the client's address is not known on this host: limits by address are off");
  };
  return (fields, { neighbour, client }) => {
    // `client` is known if a gateway is in front, and a gateway passes on any `Host` that the client wrote.
    const isOwn = client === undefined && isOwnHost(fieldOf(fields, "host"), settings);
    // Without a connection (`neighbour`) this is an event. Its function has the keys in its environment, so keys among
    // the headers could only be the client's own.
    const keys = isOwn && neighbour !== undefined && onRoleKeys ? readRoleKeys(fields) : undefined;
    if (keys) onRoleKeys?.(keys);
    if (isConfigured) {
      const isDropped = (name: string) =>
        isThePlatforms(name) && name.toLowerCase() !== settings.clientIpHeader;
      return { fields: without(fields, isDropped), peer: neighbour ?? client };
    }
    const peer = isOwn ? remoteAddressOf(fields) : client;
    if (peer === undefined) warn();
    return { fields: without(fields, isAboutTheWay), peer };
  };
}

/** This includes the function's credentials, such as `x-scf-secret-key`: nothing after this point may see them. */
function isThePlatforms(name: string): boolean {
  return /^x-scf-/i.test(name);
}

function isAboutTheWay(name: string): boolean {
  return isThePlatforms(name) || FORWARDING_HEADERS.includes(name.toLowerCase());
}

function without(fields: Fields, isDropped: (name: string) => boolean): Fields {
  return fields.filter(([name]) => !isDropped(name));
}

/** If a field came twice, neither value counts: one of the two may be the client's. */
function fieldOf(fields: Fields, wanted: string): string | undefined {
  const found = valuesOf(fields, wanted);
  return found.length === 1 ? found[0]?.trim() : undefined;
}

function remoteAddressOf(fields: Fields): string | undefined {
  const isSeveral = valuesOf(fields, REMOTE_ADDRESS).join(",").includes(",");
  return isSeveral ? OF_SEVERAL : addressOf(fieldOf(fields, REMOTE_ADDRESS));
}

function valuesOf(fields: Fields, wanted: string): string[] {
  return fields.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
}

/** `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:4711` without brackets and port. */
function addressOf(text: string | undefined): string | undefined {
  const [, inBrackets, four] = /^(?:\[([\da-f:.]+)\]|([\d.]+))(?::\d{1,5})?$/i.exec(text ?? "") ?? [];
  return inBrackets ?? four ?? text;
}
