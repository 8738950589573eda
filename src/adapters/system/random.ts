import { randomFillSync } from "node:crypto";
import type { Random } from "../../core/ports.ts";

/**
 * How many bytes are taken from the operating system's generator at a time: a request uses some twenty small pieces.
 */
const POOL_BYTES = 4_096;

/** The operating system's generator. */
export const systemRandom: Random = {
  bytes: createPooled(),
  uuid: (now) => uuidV7(now, systemRandom.bytes(10)),
};

/** Hands out each byte once, and keeps none after that. */
function createPooled(): Random["bytes"] {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return (length) => {
    if (length > POOL_BYTES) return randomFillSync(Buffer.alloc(length));
    if (used + length > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const bytes = Buffer.from(pool.subarray(used, used + length));
    pool.fill(0, used, used + length);
    used += length;
    return bytes;
  };
}

/**
 * RFC 9562, section 5.7: 48 bits of time, then the version, 12 random bits, the variant, 62 random bits. Throws a
 * RangeError if the time does not fit into 48 bits.
 */
function uuidV7(now: number, chance: Uint8Array): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes.set(chance, 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
