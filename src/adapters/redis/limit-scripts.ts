import { script } from "./connection.ts";
import { COMMON, FREE_AT, HISTORY, KEEPING, LEASES } from "./limit-lua.ts";
import { BOUND, ROLE } from "./limit-take.ts";

/**
 * KEYS: the epochs', that of a rebuild, then those that the lists name by their place. ARGV: now, member, the lists of
 * `takeCall` as JSON, the epoch or nothing. Counts everywhere or nowhere. Answers {'ok', leased, nextAt, whether a lease was
 * steady, exceeded…} or {'no', what, retryAt, 1 where the member was counted before}: what refused or was exceeded is the
 * place of a limit, which begins at 0, `lease` or `unseeded`.
 */
export const TAKE = script(`
local now, member = tonumber(ARGV[1]), ARGV[2]
local bounds, events, ofParts, sums, lease = unpack(cjson.decode(ARGV[3]))
${COMMON}${HISTORY}${FREE_AT}${LEASES}${KEEPING}
if ARGV[4] ~= '' and call('SISMEMBER', KEYS[1], ARGV[4] .. ':' .. history()) == 0 then
  return {'no', 'unseeded', now}
end

-- When all that refuses and tells of it lets through.
local function allFreeAt()
  local latest = lease[1] and roomAt(leasesOn(KEYS[lease[1]]), lease[3], lease[4]) or now
  for row = 1, #bounds, 8 do
    local role = bounds[row + 1]
    if role == ${ROLE.refuses} or role == ${ROLE.tells} then latest = math.max(latest, freeAt(row)) end
  end
  return latest
end

local exceeded, telling, latest = {}, {}, now
for row = 1, #bounds, 8 do
  local limit, role, bound, place, max = unpack(bounds, row, row + 4)
  if role == ${ROLE.tells} then table.insert(telling, row) end
  if bound == ${BOUND.sum} then
    latest = math.max(latest, freeAt(row))
  elseif sizeOf(place) > 0 or max < 1 then
    -- Otherwise nothing is there yet, and whoever lets anything through lets the first one through.
    latest = math.max(latest, isCounted[place] and now + 1 or freeAt(row))
  end
  if latest > now and bounds[row + 8] ~= limit then
    if role ~= ${ROLE.advises} and isCounted[place] then return {'no', limit, latest, 1} end
    if role ~= ${ROLE.advises} then return {'no', limit, allFreeAt(), 0} end
    table.insert(exceeded, limit)
    latest = now
  end
end

local leased, steady = 0, 0
if lease[1] then
  local place, wanted, cap, expiresAt = unpack(lease)
  local key = KEYS[place]
  local held = leasesOn(key)
  if not held.moved and call('EXISTS', KEYS[2]) == 0 then steady = 1 end
  leased = math.min(wanted, cap - held.sum)
  if leased < 1 then return {'no', 'lease', roomAt(held, cap, expiresAt)} end
  if held.isOwn then return redis.error_reply('ERR the member has a lease here') end
  for _, ended in ipairs(held.dead) do call('HDEL', key, ended) end
  call('HSET', key, member, text(leased) .. ':' .. text(expiresAt))
  keepFor(key, held.isNew, expiresAt - now + 60000)
end

local function count(place, keptMs)
  local key, isNew = KEYS[place], sizeOf(place) == 0
  if not isNew then call('ZREMRANGEBYSCORE', key, '-inf', text(now - math.max(keptMs, 86400000))) end
  call('ZADD', key, ARGV[1], member)
  keepFor(key, isNew, keptMs + 60000)
end

for i = 1, #events, 2 do count(events[i], events[i + 1]) end
for i = 1, #ofParts, 5 do
  local place, keptMs, part, max, windowMs = unpack(ofParts, i, i + 4)
  if windowFreeAt(part, max, windowMs) <= now then
    count(place, keptMs)
    count(part, windowMs)
  end
end
for i = 1, #sums, 3 do addToSum(unpack(sums, i, i + 2)) end

own = 1
local nextAt = now
for _, row in ipairs(telling) do nextAt = math.max(nextAt, freeAt(row)) end
return {'ok', leased, nextAt, steady, unpack(exceeded)}`);

/** KEYS: events' keys; ARGV: how many of the oldest go. */
export const FORGIVE = script(`
for _, key in ipairs(KEYS) do call('ZREMRANGEBYRANK', key, 0, tonumber(ARGV[1]) - 1) end
return 1`);

/** KEYS: sums' keys; ARGV: for each the slot, the amount and how long it matters. Adds; nothing goes below zero. */
export const CORRECT = script(`${COMMON}
for index, key in ipairs(KEYS) do
  local slot = ARGV[index * 3 - 2]
  local held = call('HINCRBY', key, slot, ARGV[index * 3 - 1])
  if held < 0 then call('HSET', key, slot, '0') end
  local keptMs = tonumber(ARGV[index * 3])
  if call('PTTL', key) < keptMs then call('PEXPIRE', key, text(keptMs)) end
end
return 1`);

/** KEYS and ARGV as in `CORRECT`. Makes each slot at least as great. */
export const RAISE = script(`${COMMON}
for index, key in ipairs(KEYS) do
  local slot, amount = ARGV[index * 3 - 2], tonumber(ARGV[index * 3 - 1])
  if tonumber(call('HGET', key, slot) or '0') < amount then call('HSET', key, slot, text(amount)) end
  local keptMs = tonumber(ARGV[index * 3])
  if call('PTTL', key) < keptMs then call('PEXPIRE', key, text(keptMs)) end
end
return 1`);

/** KEYS: events' keys; ARGV: members. */
export const FORGET = script(`
for _, key in ipairs(KEYS) do
  for _, member in ipairs(ARGV) do call('ZREM', key, member) end
end
return 1`);

const RELEASING = `${COMMON}
local function release(key, member, count)
  local held = call('HGET', key, member)
  if not held then return end
  local amount, endsAt = string.match(held, '^(%d+):(%d+)$')
  local left = count == 'all' and 0 or tonumber(amount) - tonumber(count)
  if left < 1 then call('HDEL', key, member)
  else call('HSET', key, member, text(left) .. ':' .. endsAt) end
  return endsAt
end
`;

/**
 * KEYS: a leases' key; ARGV: member, how many or 'all'. The guesses went to the ledger, or one still may. Of several
 * marks the longest stays.
 */
export const RELEASE = script(`${RELEASING}
local endsAt = release(KEYS[1], ARGV[1], ARGV[2])
if endsAt then
  local moved = call('HGET', KEYS[1], 'moved')
  if not moved or tonumber(string.match(moved, ':(%d+)$')) < tonumber(endsAt) then
    call('HSET', KEYS[1], 'moved', '0:' .. endsAt)
  end
  call('PEXPIRE', KEYS[1], 720000)
end
return 1`);

/**
 * KEYS: a leases' key, then the events' keys to forget on, and those to forgive on. Some keys are both; each is named
 * once. ARGV: the lease's member, how many guesses it gives back, the place of the first key to forgive on and of the
 * last one to forget on, and the members.
 */
export const SETTLE = script(`${RELEASING}
release(KEYS[1], ARGV[1], ARGV[2])
for place = 2, tonumber(ARGV[4]) do call('ZREM', KEYS[place], unpack(ARGV, 5)) end
for place = tonumber(ARGV[3]), #KEYS do call('ZREMRANGEBYRANK', KEYS[place], '0', '0') end
return 1`);

/** KEYS: events' keys; ARGV: for each key a member and a time, then how long they are kept. */
export const SEED = script(`
for index, key in ipairs(KEYS) do
  call('ZADD', key, 'NX', ARGV[index * 2], ARGV[index * 2 - 1])
  if call('PTTL', key) < tonumber(ARGV[#ARGV]) then call('PEXPIRE', key, ARGV[#ARGV]) end
end
return 1`);

/** KEYS: leases' keys; ARGV: for each key a member and `amount:endsAt`, then how long they are kept. */
export const SEED_LEASES = script(`
for index, key in ipairs(KEYS) do
  call('HSETNX', key, ARGV[index * 2 - 1], ARGV[index * 2])
  if call('PTTL', key) < tonumber(ARGV[#ARGV]) then call('PEXPIRE', key, ARGV[#ARGV]) end
end
return 1`);

/** ARGV: the epoch. Answers whether it was remembered in the current history. */
export const SEEDED = script(`${HISTORY}
return call('SISMEMBER', KEYS[1], ARGV[1] .. ':' .. history())`);

export const READ_HISTORY = script(`${HISTORY}
return history()`);

/**
 * KEYS: the epochs', that of a rebuild; ARGV: the epoch, the history in which everything was put back, and for how many
 * milliseconds takes are not steady for it (0 if there was nothing to put back).
 */
export const REMEMBER = script(`
if ARGV[3] ~= '0' then call('SET', KEYS[2], '1', 'PX', ARGV[3]) end
return call('SADD', KEYS[1], ARGV[1] .. ':' .. ARGV[2])`);
