import type { Tap } from "./tcp-proxy.ts";

/** What was asked of a server since the last look, as it stood on the wire. */
export interface Seen<T> {
  /** A tap for each connection. */
  readonly tap: () => Tap;
  /** All that was asked since the last call of this. */
  take(): readonly T[];
}

/** Requests to a Redis: the name of each command. */
export function seeRedis(): Seen<string> {
  const seen = log<string>();
  return { ...seen, tap: () => ({ sent: readCommands(seen.note), received: () => {} }) };
}

/** A packet that a MySQL client sent. */
export interface Packet {
  readonly kind: "prepare" | "execute" | "query" | "other";
  readonly sql: string;
  /** Whether it makes something durable: `commit`, or a statement that writes outside of a transaction. */
  readonly commits: boolean;
}

/** Packets to a MariaDB; those that execute a prepared statement with its text. */
export function seeMariadb(): Seen<Packet> {
  const seen = log<Packet>();
  return { ...seen, tap: () => readMysql(seen.note) };
}

function log<T>() {
  let all: T[] = [];
  return {
    note: (one: T) => void all.push(one),
    take() {
      const taken = all;
      all = [];
      return taken;
    },
  };
}

/** RESP: `*2`, and before each word its length, `$3`. Only the first word is of interest. */
function readCommands(note: (name: string) => void): (data: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (data) => {
    rest = Buffer.concat([rest, data]);
    for (let read = readCommand(rest); read; read = readCommand(rest)) {
      note(read.name);
      rest = rest.subarray(read.length);
    }
  };
}

function readCommand(bytes: Buffer): { readonly name: string; readonly length: number } | undefined {
  let at = 0;
  const number = () => {
    const end = bytes.indexOf("\r\n", at);
    const value = end < 0 ? undefined : Number(bytes.toString("latin1", at + 1, end));
    at = end + 2;
    return value;
  };
  const count = number();
  if (count === undefined) return undefined;
  let name = "";
  for (let word = 0; word < count; word += 1) {
    const length = number();
    if (length === undefined || bytes.length < at + length + 2) return undefined;
    if (word === 0) name = bytes.toString("latin1", at, at + length).toLowerCase();
    at += length + 2;
  }
  return { name, length: at };
}

const [COM_QUERY, COM_PREPARE, COM_EXECUTE] = [0x03, 0x16, 0x17];

/** MySQL's packets: three bytes of length, a number that is 0 for a command, the command, and what belongs to it. */
function readMysql(note: (packet: Packet) => void): Tap {
  const texts = new Map<number, string>();
  const commits = followTransactions();
  let preparing: string | undefined;
  return {
    sent: readPackets((sequence, payload) => {
      if (sequence !== 0) return;
      const sql = payload.toString("utf8", 1);
      if (payload[0] === COM_PREPARE) preparing = sql;
      const packet = packetOf(payload, sql, texts);
      note({ ...packet, commits: commits(packet) });
    }),
    // The first packet after a statement was sent to be prepared: 0, and the number by which it is executed.
    received: readPackets((_, payload) => {
      if (preparing !== undefined && payload[0] === 0) texts.set(payload.readUInt32LE(1), preparing);
      preparing = undefined;
    }),
  };
}

type Command = Omit<Packet, "commits">;

/** Whether a command makes something durable, of the commands of one connection in their order. */
function followTransactions(): (command: Command) => boolean {
  let isOpen = false;
  return ({ kind, sql }) => {
    if (kind !== "execute" && kind !== "query") return false;
    const [verb = ""] = /^\w+/.exec(sql.toLowerCase()) ?? [];
    if (["start", "begin"].includes(verb)) isOpen = true;
    if (["commit", "rollback"].includes(verb)) isOpen = false;
    return verb === "commit" || (!isOpen && ["insert", "update", "delete"].includes(verb));
  };
}

function packetOf(payload: Buffer, sql: string, texts: ReadonlyMap<number, string>): Command {
  if (payload[0] === COM_PREPARE) return { kind: "prepare", sql };
  if (payload[0] === COM_QUERY) return { kind: "query", sql };
  if (payload[0] !== COM_EXECUTE) return { kind: "other", sql: "" };
  return { kind: "execute", sql: texts.get(payload.readUInt32LE(1)) ?? "" };
}

function readPackets(see: (sequence: number, payload: Buffer) => void): (data: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (data) => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUIntLE(0, 3)) {
      const length = rest.readUIntLE(0, 3);
      see(rest.readUInt8(3), rest.subarray(4, 4 + length));
      rest = rest.subarray(4 + length);
    }
  };
}
