import { type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import type { PasswordHasher } from "../../core/password/ports.ts";
import type { Random } from "../../core/ports.ts";
import { UnavailableError } from "../../core/refusals.ts";
import { createQueue } from "./queue.ts";

/** The parameters of scrypt (RFC 7914): cost 2^`ln`, block size, and how often. */
interface Cost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** OWASP's recommendation that takes the least memory: 32 MB for one hash. */
const TODAY: Cost = { ln: 15, r: 8, p: 3 };
const HASH_BYTES = 32;
const SALT_BYTES = 16;
/** The most memory for parameters that other versions may have set. A changed row must not make us take more. */
const MOST_BYTES = 256 * 1024 * 1024;

/** Two hashes at once take 64 MB, and leave half of the four threads that Node.js has for this and for files. */
const AT_ONCE = 2;
/** A hash takes about a quarter of a second, so the last caller in a full queue waits two seconds. */
const WAITING = 16;
const RETRY_SECONDS = 3;

const FORM =
  /^\$scrypt\$ln=(?<ln>\d{1,2}),r=(?<r>\d{1,2}),p=(?<p>\d{1,2})\$(?<salt>[\w+/]+)\$(?<hash>[\w+/]+)$/;

export interface HasherOptions {
  readonly random: Pick<Random, "bytes">;
  readonly cost?: Cost;
  readonly atOnce?: number;
  readonly waiting?: number;
}

/** Hashes as PHC strings, `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`, their parts in Base64 without padding. */
export function createPasswordHasher({
  random,
  cost = TODAY,
  atOnce = AT_ONCE,
  waiting = WAITING,
}: HasherOptions): PasswordHasher {
  const queue = createQueue({ atOnce, waiting });
  const isFull = () =>
    new UnavailableError("the hashing of passwords", {
      cause: "the queue is full",
      retryAfterSeconds: RETRY_SECONDS,
    });
  const run = (password: string, salt: Uint8Array, by: Cost) =>
    queue.run(() => derive(password, salt, by), isFull);
  return {
    async hash(password) {
      const salt = random.bytes(SALT_BYTES);
      return writeHash(cost, salt, await run(password, salt, cost));
    },
    async verify(password, stored) {
      const known = stored === undefined ? undefined : readHash(stored);
      const { by, salt, hash } = known ?? {
        by: cost,
        salt: random.bytes(SALT_BYTES),
        hash: random.bytes(HASH_BYTES),
      };
      const derived = await run(password, salt, by);
      return timingSafeEqual(derived, hash) && known !== undefined;
    },
    isOutdated(stored) {
      const { by } = readHash(stored);
      return by.ln !== cost.ln || by.r !== cost.r || by.p !== cost.p;
    },
  };
}

function derive(password: string, salt: Uint8Array, { ln, r, p }: Cost): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** ln, r, p, maxmem: MOST_BYTES };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, options, (error, derived) =>
      error ? reject(error) : resolve(derived),
    );
  });
}

function writeHash({ ln, r, p }: Cost, salt: Uint8Array, hash: Uint8Array): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(hash)}`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}

function readHash(stored: string): { readonly by: Cost; readonly salt: Buffer; readonly hash: Buffer } {
  const { ln, r, p, salt, hash } = FORM.exec(stored)?.groups ?? {};
  const bytes = Buffer.from(hash ?? "", "base64");
  if (bytes.length !== HASH_BYTES) throw new Error("a stored password hash is not in a form of this program");
  return {
    by: { ln: Number(ln), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt ?? "", "base64"),
    hash: bytes,
  };
}
