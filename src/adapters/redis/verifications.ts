import { MINUTE_MS } from "../../core/time.ts";
import type { GuessOutcome, Verification, VerificationStore } from "../../core/verification/ports.ts";
import { isLive } from "../../core/verification/verification.ts";
import { type RedisConnection, script } from "./connection.ts";

/** A code lives 10 minutes at most; its verification can be read for as long again. */
const KEPT_MS = 20 * MINUTE_MS;
/** How many of a holder's verifications are remembered, to find one that is still live. */
const MOST_HELD = 10;

/** The fields of a verification that change are stored one by one, the rest together in one field. */
const CREATE = script(`
if call('EXISTS', KEYS[1]) == 1 then return redis.error_reply('ERR a verification with this id exists') end
call('HSET', KEYS[1], 'fixed', ARGV[1], 'outcome', ARGV[2], 'used', ARGV[3], 'allowed', ARGV[4],
  'expiresAt', ARGV[5], 'messages', ARGV[6], 'resendAt', ARGV[7])
call('PEXPIRE', KEYS[1], ARGV[8])
return 1`);

const READ = script(
  `return call('HMGET', KEYS[1], 'fixed', 'outcome', 'used', 'expiresAt', 'messages', 'resendAt', 'approvedAt')`,
);

const LIVE = `
local v = call('HMGET', KEYS[1], 'outcome', 'used', 'allowed', 'expiresAt', 'messages')
local now = tonumber(ARGV[1])
local live = v[1] == 'open' and tonumber(v[2]) < tonumber(v[3]) and now < tonumber(v[4])
`;

/** This one step counts, decides the outcome and consumes the verification (promise 1). */
const GUESS = script(`${LIVE}
if not live then return {'dead'} end
local used = call('HINCRBY', KEYS[1], 'used', 1)
if ARGV[2] ~= 'right' then return {'wrong'} end
call('HSET', KEYS[1], 'outcome', 'approved', 'approvedAt', ARGV[1])
return {'approved', used, v[5]}`);

const RESENT = script(`${LIVE}
if not live or tonumber(v[5]) >= tonumber(ARGV[2]) then return 0 end
call('HSET', KEYS[1], 'messages', ARGV[2], 'resendAt', ARGV[3], 'expiresAt', ARGV[4])
return 1`);

const CANCEL = script(`
if call('HGET', KEYS[1], 'outcome') == 'open' then call('HSET', KEYS[1], 'outcome', 'canceled') end
return 1`);

const HOLD = script(`
call('ZADD', KEYS[1], ARGV[1], ARGV[2])
call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - tonumber(ARGV[3]))
call('PEXPIRE', KEYS[1], ARGV[4])
return 1`);

const HELD = script(`return call('ZREVRANGE', KEYS[1], 0, -1)`);

/** Verifications in Redis. All keys of one share the hash tag of its id, so that a cluster keeps them together. */
export function createRedisVerificationStore(redis: RedisConnection): VerificationStore {
  return {
    async create(verification) {
      const { outcome, attemptsUsed, attemptsAllowed, expiresAt, messages, resendAt } = verification;
      const { id, holder, phoneTag, purpose, createdAt } = verification;
      const fixed = JSON.stringify(verification);
      const created = redis.run(
        CREATE,
        [keyOf(id)],
        [fixed, outcome, attemptsUsed, attemptsAllowed, expiresAt, messages, resendAt, KEPT_MS],
      );
      // Read in parallel: a held id that does not exist counts as not found.
      const held =
        holder && redis.run(HOLD, [heldKey(holder, phoneTag, purpose)], [createdAt, id, MOST_HELD, KEPT_MS]);
      await Promise.all([created, held]);
    },

    find: (id) => find(redis, id),

    async findHeld(holder, phoneTag, purpose, now) {
      const ids = (await redis.run(HELD, [heldKey(holder, phoneTag, purpose)], [])) as string[];
      for (const id of ids) {
        const found = await find(redis, id);
        if (found && isLive(found, now)) return found;
      }
      return undefined;
    },

    async guess({ id, isRight }, now) {
      const answer = await redis.run(GUESS, [keyOf(id)], [now, isRight ? "right" : "wrong"]);
      const [outcome, used, messages] = answer as [GuessOutcome, number, string];
      if (outcome !== "approved") return { outcome };
      return { outcome, attemptsUsed: used, messages: Number(messages) };
    },

    resent: async (id, { messages, resendAt, expiresAt }, now) =>
      (await redis.run(RESENT, [keyOf(id)], [now, messages, resendAt, expiresAt])) === 1,

    cancel: async (id) => void (await redis.run(CANCEL, [keyOf(id)], [])),

    /** Redis forgets by itself. */
    sweep: async () => 0,
  };
}

async function find(redis: RedisConnection, id: string): Promise<Verification | undefined> {
  const fields = (await redis.run(READ, [keyOf(id)], [])) as (string | null)[];
  const [fixed, outcome, used, expiresAt, messages, resendAt, approvedAt] = fields;
  if (!fixed) return undefined;
  return {
    ...(JSON.parse(fixed) as Verification),
    outcome: outcome as Verification["outcome"],
    attemptsUsed: Number(used),
    expiresAt: Number(expiresAt),
    messages: Number(messages),
    resendAt: Number(resendAt),
    ...(approvedAt && { approvedAt: Number(approvedAt) }),
  };
}

function keyOf(id: string): string {
  return `phonekey:{${id}}`;
}

function heldKey(holder: string, phoneTag: string, purpose: string): string {
  return `phonekey:held:{${holder}}:${phoneTag}:${purpose}`;
}
