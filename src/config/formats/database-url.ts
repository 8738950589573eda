import { isIP } from "node:net";
import { bad, decoded, type Format, good, type Parsed } from "./format.ts";

/** A server and a database on it. */
export interface MysqlUrl {
  readonly kind: "mysql";
  readonly host: string;
  readonly port: number;
  /** A Unix socket, instead of host and port. */
  readonly socketPath?: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Encrypted, with the server's certificate verified. */
  readonly tls?: {
    /** The name that the certificate must bear. */
    readonly serverName: string;
    /** As written: relative to the working folder, or absolute. */
    readonly caFile?: string;
  };
  /** The most connections of one process. */
  readonly connections?: number;
}

const MYSQL_URL = "`mysql://user:password@host:3306/database`";

const SQLITE_PATH = /^sqlite:((?!\/\/[^/])[^?#\0]+)$/;

/** Problems never repeat a part of the text. */
export const mysqlUrl: Format<MysqlUrl> = { expects: MYSQL_URL, read: readMysqlUrl };

/**
 * The database of users and all other durable data. Paths are as written: relative to the working folder or absolute.
 */
export type DatabaseUrl = { readonly kind: "sqlite"; readonly path: string } | MysqlUrl;

export const databaseUrl: Format<DatabaseUrl> = {
  expects: `\`sqlite:\` and the path of a file, or ${MYSQL_URL}`,
  read(text) {
    if (/^(mysql|mariadb):/i.test(text)) return mysqlUrl.read(text);
    const path = SQLITE_PATH.exec(text)?.[1];
    const isFile = path !== undefined && path !== ":memory:";
    return isFile ? good({ kind: "sqlite", path }) : bad(`must be ${databaseUrl.expects}`);
  },
};

const MYSQL_PORT = 3306;
const PARAMETERS = ["ssl", "sslCa", "sslName", "socketPath", "connections"];

/** Reads `mysql://` and `mariadb://`. */
function readMysqlUrl(text: string): Parsed<MysqlUrl> {
  const parts = partsOf(text);
  if (!parts) return bad(`must be ${MYSQL_URL}, special characters in it percent-encoded`);
  const { options, ...server } = parts;
  if ([...options.keys()].some((name) => !PARAMETERS.includes(name))) {
    return bad(`may have the parameters ${PARAMETERS.join(", ")}, and no others`);
  }
  const tls = tlsOf(server.host, options);
  if (!tls.ok) return tls;
  const connections = options.get("connections");
  if (connections !== null && !/^[1-9]\d{0,2}$/.test(connections))
    return bad("must have 1 to 999 connections");
  const socketPath = options.get("socketPath");
  return good({
    kind: "mysql",
    ...server,
    ...tls.value,
    ...(socketPath && { socketPath }),
    ...(connections !== null && { connections: Number(connections) }),
  });
}

type Parts = Pick<MysqlUrl, "host" | "port" | "user" | "password" | "database"> & {
  readonly options: URLSearchParams;
};

function partsOf(text: string): Parts | undefined {
  if (!/^(mysql|mariadb):\/\/[^/?#]/i.test(text) || !URL.canParse(text)) return undefined;
  const { hostname, port, username, password, pathname, searchParams, hash } = new URL(text);
  const [user, secret, database] = [username, password, pathname.slice(1)].map(decoded);
  if (!hostname || hash || !user || secret === undefined || !database || /[/\0]/.test(database))
    return undefined;
  const host = hostname.replace(/^\[|\]$/g, "");
  return { host, port: Number(port || MYSQL_PORT), user, password: secret, database, options: searchParams };
}

/** An option that names a part of TLS turns on TLS. The client can verify names, but no IP addresses. */
function tlsOf(host: string, options: URLSearchParams): Parsed<Pick<MysqlUrl, "tls">> {
  const [ssl, caFile, name] = [options.get("ssl"), options.get("sslCa"), options.get("sslName")];
  const implied = caFile || name ? "true" : "false";
  if (ssl !== null && ssl !== "true" && ssl !== implied) return bad("must have ssl=true or ssl=false");
  if ((ssl ?? implied) === "false") return good({});
  const serverName = name || host;
  if (isIP(serverName) !== 0)
    return bad("needs sslName, the name in the server's certificate: its host is an address");
  return good({ tls: { serverName, ...(caFile && { caFile }) } });
}
