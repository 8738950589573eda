/** Numbers as whole digits: Lua would write a time as 1.8e+12. */
export const COMMON = `
local function text(n) return string.format('%.0f', n) end
`;

/**
 * A replica that was promoted, and a server that came back from its files, begin a history of their own, and may lack
 * the last of what was answered before (T16).
 */
export const HISTORY = `
local function history()
  return string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') or ''
end
`;

/**
 * From when on a check lets the next event through, as `backoffEndsAt`, `sumFreeAt` and the windows say. Events later than now
 * (of a process whose clock is ahead) count too.
 */
export const FREE_AT = `
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
export const LEASES = `
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
local function keepFor(key, ms, longer)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, text(ms + longer)) end
end
`;
