import { script } from "./connection.ts";

/** Numbers as whole digits: Lua would write a time as 1.8e+12. */
const COMMON = `
local function text(n) return string.format('%.0f', n) end
`;

/**
 * From when on a check lets the next event through, as `backoffEndsAt` and the windows say. Events later than now
 * (of a process whose clock is ahead) count too.
 */
const FREE_AT = `
local function windowFreeAt(key, max, windowMs, now)
  if max < 1 then return now + windowMs end
  local nth = redis.call('ZREVRANGE', key, max - 1, max - 1, 'WITHSCORES')
  if nth[2] then return tonumber(nth[2]) + windowMs end
  return now
end

local function backoffFreeAt(key, baseMs, windowMs, now)
  local rows = redis.call('ZRANGEBYSCORE', key, '(' .. text(now - windowMs), '+inf', 'WITHSCORES')
  local count = #rows / 2
  local from = now
  if count == 0 then return from end
  local last = tonumber(rows[#rows])
  for left = 0, count - 1 do
    local at = tonumber(rows[left * 2 + 2])
    local free = math.max(from, last + baseMs * 2 ^ (count - left - 1))
    if free < at + windowMs then return free end
    from = math.max(from, at + windowMs)
  end
  return from
end

local function freeAt(check, now)
  local key = KEYS[check.key]
  local latest = now
  for _, window in ipairs(check.windows) do
    latest = math.max(latest, windowFreeAt(key, math.ceil(window[1]), window[2], now))
  end
  if check.backoff then
    latest = math.max(latest, backoffFreeAt(key, check.backoff[1], check.backoff[2], now))
  end
  return latest
end
`;

/**
 * Guesses set aside are fields `member → amount:endsAt` of one hash. Returns their sum, the first end, and those
 * that ended a minute ago: what ended just now a clock that goes back finds again.
 */
const LEASES = `
local function liveLeases(key, now)
  local sum, first, dead = 0, nil, {}
  local fields = redis.call('HGETALL', key)
  for i = 1, #fields, 2 do
    local amount, endsAt = string.match(fields[i + 1], '^(%d+):(%d+)$')
    amount, endsAt = tonumber(amount), tonumber(endsAt)
    if endsAt <= now then
      if endsAt <= now - 60000 then table.insert(dead, fields[i]) end
    else
      sum = sum + amount
      if not first or endsAt < first then first = endsAt end
    end
  end
  return sum, first, dead
end

local function keepFor(key, ms)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, text(ms)) end
end
`;

/**
 * KEYS: the epochs', then the events' keys, then the leases' where there is one. ARGV: now, member, checks and lease as
 * JSON, how long each event key's events matter, the epoch or nothing. Counts everywhere or nowhere. Answers
 * {'ok', leased, nextAt} or {'no', name, retryAt}.
 */
export const TAKE = script(`${COMMON}${FREE_AT}${LEASES}
local now, member = tonumber(ARGV[1]), ARGV[2]
local checks, lease, kept = cjson.decode(ARGV[3]), cjson.decode(ARGV[4]), cjson.decode(ARGV[5])

if ARGV[6] ~= '' and redis.call('SISMEMBER', KEYS[1], ARGV[6]) == 0 then
  return {'no', 'unseeded', text(now)}
end

for _, check in ipairs(checks) do
  local retryAt = redis.call('ZSCORE', KEYS[check.key], member) and now + 1 or freeAt(check, now)
  if retryAt > now then return {'no', check.name, text(retryAt)} end
end

local leased = 0
if lease.key then
  local key = KEYS[lease.key]
  local held, first, dead = liveLeases(key, now)
  leased = math.min(lease.wanted, lease.cap - held)
  if leased < 1 then return {'no', 'lease', text(math.min(first or lease.expiresAt, lease.expiresAt))} end
  if redis.call('HEXISTS', key, member) == 1 then return redis.error_reply('ERR the member has a lease here') end
  for _, ended in ipairs(dead) do redis.call('HDEL', key, ended) end
  redis.call('HSET', key, member, text(leased) .. ':' .. text(lease.expiresAt))
  keepFor(key, lease.expiresAt - now + 60000)
end

for index, keptMs in ipairs(kept) do
  local key = KEYS[index + 1]
  redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now - math.max(keptMs, 86400000)))
  redis.call('ZADD', key, text(now), member)
  keepFor(key, keptMs + 60000)
end

local nextAt = now
for _, check in ipairs(checks) do
  if check.backoff then nextAt = math.max(nextAt, freeAt(check, now)) end
end
return {'ok', text(leased), text(nextAt)}`);

/** KEYS: events' keys; ARGV: members. */
export const FORGET = script(`
for _, key in ipairs(KEYS) do
  for _, member in ipairs(ARGV) do redis.call('ZREM', key, member) end
end
return 1`);

/** KEYS: a leases' key; ARGV: member, how many or 'all'. */
export const RELEASE = script(`${COMMON}
local held = redis.call('HGET', KEYS[1], ARGV[1])
if not held then return 0 end
local amount, endsAt = string.match(held, '^(%d+):(%d+)$')
local left = ARGV[2] == 'all' and 0 or tonumber(amount) - tonumber(ARGV[2])
if left < 1 then redis.call('HDEL', KEYS[1], ARGV[1])
else redis.call('HSET', KEYS[1], ARGV[1], text(left) .. ':' .. endsAt) end
return 1`);

/** KEYS: events' keys; ARGV: for each key a member and a time, then how long they are kept. */
export const SEED = script(`
for index, key in ipairs(KEYS) do
  redis.call('ZADD', key, 'NX', ARGV[index * 2], ARGV[index * 2 - 1])
  if redis.call('PTTL', key) < tonumber(ARGV[#ARGV]) then redis.call('PEXPIRE', key, ARGV[#ARGV]) end
end
return 1`);

export const SEEDED = script(`return redis.call('SISMEMBER', KEYS[1], ARGV[1])`);
export const REMEMBER = script(`return redis.call('SADD', KEYS[1], ARGV[1])`);
