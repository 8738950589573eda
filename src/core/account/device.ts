import type { Observer } from "../observer.ts";
import type { Clock } from "../ports.ts";
import type { Bucket } from "../protection/limits/ports.ts";
import type { Session, Tokens } from "../session/ports.ts";
import { DAY_MS } from "../time.ts";
import type { User, UserStore } from "./ports.ts";

/** How long a device is known after its last sign-in. */
const DEVICE_TOKEN_MS = 180 * DAY_MS;

export interface DeviceDeps extends Pick<Observer, "onRefusedDevice"> {
  readonly tokens: Tokens;
  readonly users: Pick<UserStore, "find">;
  readonly clock: Clock;
}

/** Who calls: a known device or a stranger. */
export interface Caller {
  readonly bucket: Bucket;
  readonly deviceId?: string;
  /** The user's epoch under which the device is known. */
  readonly knownEpoch?: number;
}

const STRANGER: Caller = { bucket: "stranger" };

/**
 * Why a device token was not accepted: it is forged or expired (`invalid`), it is of another phone (`foreign`), or its
 * device is no longer trusted (`ended`).
 */
export type RefusedDevice = "invalid" | "foreign" | "ended";

/**
 * Tells a known device from a stranger. The token must be valid, of this phone's user, and of the user's current epoch.
 * With any other token, a forged one included, the caller is a stranger. That is no error, so nothing is told about the
 * number.
 */
export async function identifyCaller(
  deps: DeviceDeps,
  deviceToken: string | undefined,
  phoneTag: string,
): Promise<Caller> {
  if (!deviceToken) return STRANGER;
  const stranger = (why: RefusedDevice) => {
    deps.onRefusedDevice(why);
    return STRANGER;
  };
  const claims = await deps.tokens.read("device", deviceToken, deps.clock.now());
  if (!claims) return stranger("invalid");
  const user = await deps.users.find(claims.sub);
  if (user?.phoneTag !== phoneTag) return stranger("foreign");
  if (user.deviceEpoch !== claims.epoch || user.unprovenSince !== undefined) return stranger("ended");
  return { bucket: "device", deviceId: claims.did, knownEpoch: claims.epoch };
}

/**
 * A token that makes the session's device known for the user's phone, for 180 days. In a session of a test number the
 * token ends with the session. Many people may know that number's code, and a later holder of the number must not share
 * sends and guesses with them.
 */
export async function issueDeviceToken(
  deps: Pick<DeviceDeps, "tokens" | "clock">,
  user: User,
  { deviceId, isTest, expiresAt }: Pick<Session, "deviceId" | "isTest" | "expiresAt">,
): Promise<string> {
  const now = deps.clock.now();
  return await deps.tokens.issue(
    "device",
    { sub: user.id, did: deviceId, epoch: user.deviceEpoch },
    { issuedAt: now, expiresAt: isTest ? expiresAt : now + DEVICE_TOKEN_MS },
  );
}
