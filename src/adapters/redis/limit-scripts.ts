import { script } from "./connection.ts";

/** Numbers as whole digits: Lua would write a time as 1.8e+12. */
const COMMON = `
local function text(n) return string.format('%.0f', n) end
`;

/**
 * A replica that was promoted, and a server that came back from its files, begin a history of their own, and may lack
 * the last of what was answered before (T16).
 */
const HISTORY = `
local function history()
  return string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') or ''
end
`;

/**
 * From when on a check lets the next event through, as `backoffEndsAt`, `sumFreeAt` and the windows say. Events later than now
 * (of a process whose clock is ahead) count too.
 */
const FREE_AT = `
local sizes = {}

local function sizeOf(place)
  sizes[place] = sizes[place] or redis.call('ZCARD', KEYS[place])
  return sizes[place]
end

local function windowFreeAt(place, max, windowMs, now)
  if max < 1 then return now + windowMs end
  if sizeOf(place) < max then return now end
  local nth = redis.call('ZREVRANGE', KEYS[place], max - 1, max - 1, 'WITHSCORES')
  if nth[2] then return tonumber(nth[2]) + windowMs end
  return now
end

local function waitAfter(backoff, count)
  local beyond = count - backoff.from
  if beyond < 0 or beyond % backoff.every ~= 0 then return 0 end
  return backoff.baseMs * 2 ^ (beyond / backoff.every)
end

local function backoffFreeAt(place, backoff, now)
  local windowMs = backoff.windowMs
  if sizeOf(place) < backoff.from then return now end
  local rows = redis.call('ZRANGEBYSCORE', KEYS[place], '(' .. text(now - windowMs), '+inf', 'WITHSCORES')
  local count = #rows / 2
  local from = now
  if count == 0 then return from end
  local last = tonumber(rows[#rows])
  for left = 0, count - 1 do
    local at = tonumber(rows[left * 2 + 2])
    local wait = waitAfter(backoff, count - left)
    local free = wait > 0 and math.max(from, last + wait) or from
    if free < at + windowMs then return free end
    from = math.max(from, at + windowMs)
  end
  return from
end

local slotsOf = {}

local function sumFreeAt(sum, amount, max, now)
  local fields = redis.call('HGETALL', KEYS[sum.key])
  slotsOf[sum.key] = fields
  local slots, total = {}, amount
  for i = 1, #fields, 2 do
    local slot, held = tonumber(fields[i]), tonumber(fields[i + 1])
    if slot >= sum.first then
      table.insert(slots, {slot, held})
      total = total + held
    end
  end
  if total <= max then return now end
  table.sort(slots, function(a, b) return a[1] < b[1] end)
  for _, slot in ipairs(slots) do
    total = total - slot[2]
    if total <= max then return (slot[1] + sum.kept) * sum.slotMs end
  end
  return now + sum.windowMs
end

local function eventsFreeAt(check, now)
  local latest = now
  for _, window in ipairs(check.windows) do
    latest = math.max(latest, windowFreeAt(check.key, window[1], window[2], now))
  end
  if check.backoff then latest = math.max(latest, backoffFreeAt(check.key, check.backoff, now)) end
  return latest
end

local counted = {}

local function isCounted(place, member)
  if counted[place] == nil then
    counted[place] = sizeOf(place) > 0 and redis.call('ZSCORE', KEYS[place], member) ~= false
  end
  return counted[place]
end

local function freeAt(check, member, now)
  if check.amount then
    local latest = now
    for _, sum in ipairs(check.sums) do latest = math.max(latest, sumFreeAt(sum, check.amount, sum.max, now)) end
    return latest
  end
  if isCounted(check.key, member) then return now + 1 end
  return eventsFreeAt(check, now)
end
`;

/**
 * Guesses set aside are fields `member → amount:endsAt` of one hash; the field `moved` is no lease, but stands for guesses
 * that went to the ledger. Returns the sum of what is live, the first end, those that ended a minute ago (what ended just
 * now a clock that goes back finds again), and whether guesses went to the ledger.
 */
const LEASES = `
local function liveLeases(key, now)
  local sum, first, dead, moved = 0, nil, {}, false
  local fields = redis.call('HGETALL', key)
  for i = 1, #fields, 2 do
    local amount, endsAt = string.match(fields[i + 1], '^(%d+):(%d+)$')
    amount, endsAt = tonumber(amount), tonumber(endsAt)
    if endsAt <= now then
      if endsAt <= now - 60000 then table.insert(dead, fields[i]) end
    elseif fields[i] == 'moved' then
      moved = true
    else
      sum = sum + amount
      if not first or endsAt < first then first = endsAt end
    end
  end
  return sum, first, dead, moved
end

-- A little longer, so that a key that is used often need not be told each time.
local function keepFor(key, ms)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, text(ms + 600000)) end
end
`;

/**
 * KEYS: the epochs', then those of events, sums and shares that the checks name by their place, and the leases' where
 * there is one. ARGV: now, member, then as JSON the checks, the lease, the events to count (each with how long they
 * matter, and the share that must have room) and the sums to add to; then the epoch or nothing. Counts everywhere or
 * nowhere. Answers {'ok', leased, nextAt, whether a lease was steady, exceeded…} or {'no', what, retryAt}: what refused or
 * was exceeded is the place of a check, which begins at 0, \`lease\` or \`unseeded\`.
 */
export const TAKE = script(`${COMMON}${HISTORY}${FREE_AT}${LEASES}
local now, member = tonumber(ARGV[1]), ARGV[2]
local checks, lease, events, sums = unpack(cjson.decode(ARGV[3]))

if ARGV[4] ~= '' and redis.call('SISMEMBER', KEYS[1], ARGV[4] .. ':' .. history()) == 0 then
  return {'no', 'unseeded', text(now)}
end

local exceeded = {}
for place, check in ipairs(checks) do
  local retryAt = freeAt(check, member, now)
  if retryAt > now then
    if not check.advisory then return {'no', text(place - 1), text(retryAt)} end
    table.insert(exceeded, text(place - 1))
  end
end

local leased, steady = 0, '0'
if lease.key then
  local key = KEYS[lease.key]
  local held, first, dead, moved = liveLeases(key, now)
  if not moved then steady = '1' end
  leased = math.min(lease.wanted, lease.cap - held)
  if leased < 1 then return {'no', 'lease', text(math.min(first or lease.expiresAt, lease.expiresAt))} end
  if redis.call('HEXISTS', key, member) == 1 then return redis.error_reply('ERR the member has a lease here') end
  for _, ended in ipairs(dead) do redis.call('HDEL', key, ended) end
  redis.call('HSET', key, member, text(leased) .. ':' .. text(lease.expiresAt))
  keepFor(key, lease.expiresAt - now + 60000)
end

local function count(place, keptMs)
  local key = KEYS[place]
  if sizeOf(place) > 0 then redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now - math.max(keptMs, 86400000))) end
  redis.call('ZADD', key, ARGV[1], member)
  keepFor(key, keptMs + 60000)
  sizes[place] = nil
end

for _, event in ipairs(events) do
  local share = event.share
  if not share then
    count(event.key, event.keptMs)
  elseif windowFreeAt(share.key, share.max, share.windowMs, now) <= now then
    count(event.key, event.keptMs)
    count(share.key, share.windowMs)
  end
end

-- A clock that goes back by a third of the window finds everything again.
for _, sum in ipairs(sums) do
  local key = KEYS[sum.key]
  local slots = slotsOf[sum.key]
  for i = 1, #slots, 2 do
    if tonumber(slots[i]) < sum.first - 20 then redis.call('HDEL', key, slots[i]) end
  end
  redis.call('HINCRBY', key, text(sum.slot), text(sum.amount))
  keepFor(key, 2 * sum.windowMs)
end

local nextAt = now
for _, check in ipairs(checks) do
  if check.backoff and check.backoff.from == 1 and not check.advisory then nextAt = math.max(nextAt, eventsFreeAt(check, now)) end
end
return {'ok', text(leased), text(nextAt), steady, unpack(exceeded)}`);

/** KEYS: events' keys; ARGV: how many of the oldest go. */
export const FORGIVE = script(`
for _, key in ipairs(KEYS) do redis.call('ZREMRANGEBYRANK', key, 0, tonumber(ARGV[1]) - 1) end
return 1`);

/** KEYS: sums' keys; ARGV: for each the slot, the amount and how long it matters. Adds; nothing goes below zero. */
export const CORRECT = script(`${COMMON}
for index, key in ipairs(KEYS) do
  local slot = ARGV[index * 3 - 2]
  local held = redis.call('HINCRBY', key, slot, ARGV[index * 3 - 1])
  if held < 0 then redis.call('HSET', key, slot, '0') end
  local keptMs = tonumber(ARGV[index * 3])
  if redis.call('PTTL', key) < keptMs then redis.call('PEXPIRE', key, text(keptMs)) end
end
return 1`);

/** KEYS and ARGV as in `CORRECT`. Makes each slot at least as great. */
export const RAISE = script(`${COMMON}
for index, key in ipairs(KEYS) do
  local slot, amount = ARGV[index * 3 - 2], tonumber(ARGV[index * 3 - 1])
  if tonumber(redis.call('HGET', key, slot) or '0') < amount then redis.call('HSET', key, slot, text(amount)) end
  local keptMs = tonumber(ARGV[index * 3])
  if redis.call('PTTL', key) < keptMs then redis.call('PEXPIRE', key, text(keptMs)) end
end
return 1`);

/** KEYS: events' keys; ARGV: members. */
export const FORGET = script(`
for _, key in ipairs(KEYS) do
  for _, member in ipairs(ARGV) do redis.call('ZREM', key, member) end
end
return 1`);

const RELEASING = `${COMMON}
local function release(key, member, count)
  local held = redis.call('HGET', key, member)
  if not held then return end
  local amount, endsAt = string.match(held, '^(%d+):(%d+)$')
  local left = count == 'all' and 0 or tonumber(amount) - tonumber(count)
  if left < 1 then redis.call('HDEL', key, member)
  else redis.call('HSET', key, member, text(left) .. ':' .. endsAt) end
  return endsAt
end
`;

/** KEYS: a leases' key; ARGV: member, how many or 'all'. By number they went to the ledger. */
export const RELEASE = script(`${RELEASING}
local endsAt = release(KEYS[1], ARGV[1], ARGV[2])
if endsAt and ARGV[2] ~= 'all' then
  redis.call('HSET', KEYS[1], 'moved', '0:' .. endsAt)
  redis.call('PEXPIRE', KEYS[1], 720000)
end
return 1`);

/**
 * KEYS: a leases' key, then the events' keys to forget on, and those to forgive on. ARGV: the lease's member, how many it
 * gives back, on how many keys is forgotten, and the members.
 */
export const SETTLE = script(`${RELEASING}
release(KEYS[1], ARGV[1], ARGV[2])
local forgetting = 1 + tonumber(ARGV[3])
for index = 2, forgetting do redis.call('ZREM', KEYS[index], unpack(ARGV, 4)) end
for index = forgetting + 1, #KEYS do redis.call('ZREMRANGEBYRANK', KEYS[index], 0, 0) end
return 1`);

/** KEYS: events' keys; ARGV: for each key a member and a time, then how long they are kept. */
export const SEED = script(`
for index, key in ipairs(KEYS) do
  redis.call('ZADD', key, 'NX', ARGV[index * 2], ARGV[index * 2 - 1])
  if redis.call('PTTL', key) < tonumber(ARGV[#ARGV]) then redis.call('PEXPIRE', key, ARGV[#ARGV]) end
end
return 1`);

/** ARGV: the epoch. Whether it was remembered, and in this history. */
export const SEEDED = script(`${HISTORY}
return redis.call('SISMEMBER', KEYS[1], ARGV[1] .. ':' .. history())`);

export const READ_HISTORY = script(`${HISTORY}
return history()`);

/** ARGV: the epoch, and the history in which everything was put back. */
export const REMEMBER = script(`return redis.call('SADD', KEYS[1], ARGV[1] .. ':' .. ARGV[2])`);
