import { createPublicKey, generateKeyPairSync, randomBytes, randomInt, sign, verify } from "node:crypto";
import { createClient } from "@redis/client";
import { createPool } from "mysql2/promise";
import { DATABASE_URL, REDIS_URL } from "./wire.js";

export const database = createPool({ uri: DATABASE_URL, connectionLimit: 10 });

export const redis = createClient({ url: REDIS_URL });
await redis.connect();

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const publicKey = createPublicKey(privateKey);
const HEADER = encode({ alg: "ES256", typ: "at+jwt" });

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A JWT by ES256, of a quarter of an hour. */
export function issue(claims) {
  const now = Math.floor(Date.now() / 1000);
  const text = `${HEADER}.${encode({ ...claims, iat: now, exp: now + 900 })}`;
  return `${text}.${sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

/** Its claims, once its signature and its time are verified. */
export function read(token) {
  const end = token.lastIndexOf(".");
  const signature = Buffer.from(token.slice(end + 1), "base64url");
  const text = token.slice(0, end);
  if (!verify("sha256", Buffer.from(text), { key: publicKey, dsaEncoding: "ieee-p1363" }, signature))
    return undefined;
  const claims = JSON.parse(Buffer.from(text.split(".")[1], "base64url"));
  return claims.exp > Date.now() / 1000 ? claims : undefined;
}

/** Stores a code for an attempt; one step. */
const STORE = `redis.call('HSET', KEYS[1], 'phone', ARGV[1], 'code', ARGV[2], 'used', 0)
return redis.call('EXPIRE', KEYS[1], 300)`;

/** Counts a guess, and consumes the attempt where it is right; one step. */
const CHECK = `local v = redis.call('HMGET', KEYS[1], 'phone', 'code', 'used')
if not v[1] or tonumber(v[3]) >= 3 then return false end
redis.call('HINCRBY', KEYS[1], 'used', 1)
if v[2] ~= ARGV[1] then return false end
redis.call('DEL', KEYS[1])
return v[1]`;

const [storeSha, checkSha] = await Promise.all([redis.scriptLoad(STORE), redis.scriptLoad(CHECK)]);

/** A new attempt for this phone. */
export async function storeCode(phone) {
  const id = randomBytes(16).toString("base64url");
  const code = String(randomInt(1_000_000)).padStart(6, "0");
  await redis.evalSha(storeSha, { keys: [`code:${id}`], arguments: [phone, code] });
  return { id, code };
}

/** The phone whose code this is, or null. */
export function checkCode(id, code) {
  return redis.evalSha(checkSha, { keys: [`code:${id}`], arguments: [code] });
}

/** Runs the body in one transaction on a connection of the pool. */
export async function transaction(body) {
  const connection = await database.getConnection();
  try {
    await connection.query("begin");
    const result = await body(connection);
    await connection.query("commit");
    return result;
  } catch (error) {
    await connection.query("rollback");
    throw error;
  } finally {
    connection.release();
  }
}

export function newId() {
  return randomBytes(16).toString("hex");
}
