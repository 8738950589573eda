/** The order of the group of P-256 (SEC 2, section 2.4.2). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const SCALAR_BYTES = 32;
const HALF_ORDER = toBytes(ORDER / 2n);

/**
 * Whether an ES256 signature (r and s of 32 bytes each) has its s in the lower half of the group. If (r, s) verifies,
 * (r, n-s) verifies too, so anybody could turn a token into a second valid one (T29).
 */
export function hasLowS(signature: Uint8Array): boolean {
  if (signature.length !== 2 * SCALAR_BYTES) return false;
  return Buffer.compare(signature.subarray(SCALAR_BYTES), HALF_ORDER) <= 0;
}

/** The lower s of the two that verify, as `hasLowS` requires. */
export function withLowS(signature: Buffer): Buffer {
  if (hasLowS(signature)) return signature;
  const s = BigInt(`0x${signature.toString("hex", SCALAR_BYTES)}`);
  return Buffer.concat([signature.subarray(0, SCALAR_BYTES), toBytes(ORDER - s)]);
}

function toBytes(scalar: bigint): Buffer {
  return Buffer.from(scalar.toString(16).padStart(2 * SCALAR_BYTES, "0"), "hex");
}
