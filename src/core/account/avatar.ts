import { sha256 } from "../secrets.ts";
import { AVATARS } from "./ports.ts";

/** One of the avatars, spread evenly over users. */
export function avatarOf(userId: string): number {
  return (Buffer.from(sha256(userId), "base64url").readUInt32BE(0) % AVATARS) + 1;
}
