import { randomBytes } from "node:crypto";
import type { Random } from "../../core/ports.ts";

/** The operating system's generator. */
export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  uuid: (now) => uuidV7(now, randomBytes(10)),
};

/**
 * RFC 9562, section 5.7: 48 bits of time, then the version, 12 random bits, the variant, 62 random bits.
 * Throws a RangeError for a time that 48 bits do not hold.
 */
function uuidV7(now: number, chance: Buffer): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(now, 0, 6);
  chance.copy(bytes, 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
