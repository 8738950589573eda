import { bad, decoded, type Format, good, type Parsed } from "./format.ts";

/** One Redis server, a master and its replicas watched by Sentinels, or a cluster. */
export interface RedisUrl {
  readonly kind: "redis";
  readonly topology: "single" | "sentinel" | "cluster";
  /** One server, or the starting points: the Sentinels, or some nodes of the cluster. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  /** What the Sentinels call the master; theirs alone. */
  readonly masterName?: string;
  /** A single server's alone. */
  readonly database?: number;
  readonly user?: string;
  readonly password?: string;
  /** What the Sentinels themselves ask for. */
  readonly sentinelPassword?: string;
  /** Encrypted; the certificates of all servers are verified. */
  readonly tls?: {
    /** The name that the certificates must bear; if absent, each server's own host. */
    readonly serverName?: string;
    /** As written: relative to the working folder, or absolute. */
    readonly caFile?: string;
  };
}

/** Where verifications and limits live. */
export type StateUrl = { readonly kind: "database" | "memory" } | RedisUrl;

const REDIS =
  "`redis://host`, `redis+sentinel://host,…/name` or `redis+cluster://host,…`, each with `rediss` for TLS";

export const stateUrl: Format<StateUrl> = {
  expects: `\`database\`, \`memory:\`, or a Redis: ${REDIS}`,
  read(text) {
    if (text === "database") return good({ kind: "database" });
    if (text === "memory:") return good({ kind: "memory" });
    const parts = partsOf(text);
    return parts ? readRedisUrl(parts) : bad(`must be \`database\`, \`memory:\` or ${REDIS}`);
  },
};

interface Parts extends Pick<RedisUrl, "topology" | "hosts" | "user" | "password"> {
  readonly isEncrypted: boolean;
  readonly path: string;
  readonly options: URLSearchParams;
}

const FORM =
  /^redis(s?)(?:\+(sentinel|cluster))?:\/\/(?:([^@:/?#\s]*)(?::([^@/?#\s]*))?@)?([^@/?#\s]+)(?:\/([^/?#\s]*))?(?:\?([^#\s]*))?$/;
const HOST = /^(?:([\w.-]+)|\[([\da-fA-F:.]+)\])(?::(\d{1,5}))?$/;
const PORTS = { single: 6379, sentinel: 26_379, cluster: 6379 };
const PARAMETERS = ["sslCa", "sslName", "sentinelPassword"];

function partsOf(text: string): Parts | undefined {
  const match = FORM.exec(text);
  if (!match) return undefined;
  const [, encrypted, topology = "single", name = "", secret = "", list = "", path = "", query = ""] = match;
  if (!isTopology(topology)) return undefined;
  const hosts = list.split(",").map((host) => hostOf(host, PORTS[topology]));
  const [user, password] = [decoded(name), decoded(secret)];
  if (!hosts.every((host) => host !== undefined) || user === undefined || password === undefined)
    return undefined;
  return {
    topology,
    isEncrypted: encrypted === "s",
    hosts,
    ...(user && { user }),
    ...(password && { password }),
    path,
    options: new URLSearchParams(query),
  };
}

function isTopology(text: string): text is RedisUrl["topology"] {
  return text in PORTS;
}

function hostOf(text: string, defaultPort: number) {
  const [, name, address, digits] = HOST.exec(text) ?? [];
  const host = name ?? address;
  const port = digits === undefined ? defaultPort : Number(digits);
  return host && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

/** Problems never repeat a part of the text. */
function readRedisUrl({ isEncrypted, path, options, ...servers }: Parts): Parsed<RedisUrl> {
  const place = placeOf(servers, path);
  if (!place.ok) return place;
  if ([...options.keys()].some((name) => !PARAMETERS.includes(name)))
    return bad(`may have the parameters ${PARAMETERS.join(", ")}, and no others`);
  const [caFile, serverName] = [options.get("sslCa"), options.get("sslName")];
  if (!isEncrypted && (caFile || serverName))
    return bad("has sslCa or sslName, and must begin with `rediss` then");
  const sentinelPassword = options.get("sentinelPassword");
  if (sentinelPassword && servers.topology !== "sentinel")
    return bad("has sentinelPassword, which is for `redis+sentinel` alone");
  const tls = { ...(caFile && { caFile }), ...(serverName && { serverName }) };
  return good({
    kind: "redis",
    ...servers,
    ...place.value,
    ...(sentinelPassword && { sentinelPassword }),
    ...(isEncrypted && { tls }),
  });
}

/** What the path says: a single server's database, or the name of the master that Sentinels watch. */
function placeOf(
  { topology, hosts }: Pick<Parts, "topology" | "hosts">,
  path: string,
): Parsed<Pick<RedisUrl, "database" | "masterName">> {
  if (topology === "sentinel")
    return path ? good({ masterName: path }) : bad("must end in `/` and the name of the master");
  if (topology === "cluster") return path ? bad("must have no path: a cluster has one database") : good({});
  if (hosts.length > 1)
    return bad("names several hosts: write `redis+sentinel` or `redis+cluster` in front of them");
  if (!/^\d{0,5}$/.test(path)) return bad("may end in `/` and the number of a database, and in nothing else");
  return good(path ? { database: Number(path) } : {});
}
