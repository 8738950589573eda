import { SLOTS, SLOTS_KEPT, SLOTS_SPARE } from "../../core/protection/limits/sums.ts";
import { BOUND } from "./limit-take.ts";

/** Numbers as whole digits: Lua would write a time as 1.8e+12. */
export const COMMON = `
local texts = {}

local function text(n)
  local known = texts[n]
  if known then return known end
  known = string.format('%.0f', n)
  texts[n] = known
  return known
end
`;

/**
 * A promoted replica, and a server that was restored from its files, begin a new history. They may lack the last writes
 * that were answered before (T16).
 */
export const HISTORY = `
local function history()
  local info = call('INFO', 'replication')
  local _, last = string.find(info, 'master_replid:', 1, true)
  return last and string.match(info, '^%x+', last + 1) or ''
end
`;

/**
 * The moment from which a limit lets the next event through, by the rules of `backoffEndsAt`, `sumFreeAt` and the
 * windows. Events later than now (of a process whose clock is ahead) count too. Needs `bounds`, `member` and `now`.
 */
export const FREE_AT = `
-- By the place of a key: how many events were on it before this take, and whether one of them is the member's.
local sizes, isCounted = {}, {}
-- How many this take has put on each of the keys that tell when the next may come.
local own = 0

local function sizeOf(place)
  local size = sizes[place]
  if not size then
    size = call('ZCARD', KEYS[place])
    sizes[place] = size
    if size > 0 then isCounted[place] = call('ZSCORE', KEYS[place], member) end
  end
  return size
end

local function windowFreeAt(place, max, windowMs)
  if max < 1 then return now + windowMs end
  if sizeOf(place) + own < max then return now end
  local nth = call('ZREVRANGE', KEYS[place], max - 1, max - 1, 'WITHSCORES')
  if nth[2] then return tonumber(nth[2]) + windowMs end
  return now
end

local function timesIn(place, windowMs)
  if sizeOf(place) == 0 then return {now} end -- its own one
  local times = {}
  local rows = call('ZRANGEBYSCORE', KEYS[place], '(' .. text(now - windowMs), '+inf', 'WITHSCORES')
  for i = 2, #rows, 2 do times[i / 2] = tonumber(rows[i]) end
  return times
end

local function backoffFreeAt(place, first, windowMs, baseMs, every)
  if sizeOf(place) + own < first then return now end
  local times = timesIn(place, windowMs)
  local last, from = times[#times], now
  for left, at in ipairs(times) do
    local beyond = #times - left + 1 - first
    local wait = beyond >= 0 and beyond % every == 0 and baseMs * 2 ^ (beyond / every) or 0
    local free = wait > 0 and math.max(from, last + wait) or from
    if free < at + windowMs then return free end
    from = math.max(from, at + windowMs)
  end
  return from
end

local function sumFreeAt(place, max, windowMs, amount)
  local held, total = call('HVALS', KEYS[place]), amount
  for i = 1, #held do total = total + held[i] end
  -- What no window reaches any more is in it as well, so there is at least as much room.
  if total <= max then return now end
  local slotMs = math.ceil(windowMs / ${SLOTS})
  local first = math.floor(now / slotMs) - ${SLOTS}
  local fields, slots, beyond = call('HGETALL', KEYS[place]), {}, amount - max
  for i = 1, #fields, 2 do
    local slot = {at = tonumber(fields[i]), amount = tonumber(fields[i + 1])}
    if slot.at >= first then
      beyond = beyond + slot.amount
      table.insert(slots, slot)
    end
  end
  if beyond <= 0 then return now end
  table.sort(slots, function(a, b) return a.at < b.at end)
  for _, slot in ipairs(slots) do
    beyond = beyond - slot.amount
    if beyond <= 0 then return (slot.at + ${SLOTS_KEPT}) * slotMs end
  end
  return now + windowMs
end

-- Of the row of bounds that begins here.
local function freeAt(row)
  local bound, place, max, windowMs = bounds[row + 2], bounds[row + 3], bounds[row + 4], bounds[row + 5]
  if bound == ${BOUND.window} then return windowFreeAt(place, max, windowMs) end
  if bound == ${BOUND.sum} then return sumFreeAt(place, max, windowMs, bounds[row + 6]) end
  return backoffFreeAt(place, max, windowMs, bounds[row + 6], bounds[row + 7])
end
`;

/**
 * Guesses that are set aside are fields `member → amount:endsAt` of one hash. The field `moved` is no lease; it stands
 * for guesses that went to the ledger. `dead` are leases that ended at least a minute ago: a clock that goes back must
 * still find those that ended just now. Needs `member` and `now`.
 */
export const LEASES = `
local function leasesOn(key)
  local fields = call('HGETALL', key)
  local held = {isNew = #fields == 0, sum = 0, dead = {}}
  for i = 1, #fields, 2 do
    local amount, endsAt = string.match(fields[i + 1], '^(%d+):(%d+)$')
    amount, endsAt = tonumber(amount), tonumber(endsAt)
    if fields[i] == member then held.isOwn = true end
    if endsAt <= now then
      if endsAt <= now - 60000 then table.insert(held.dead, fields[i]) end
    elseif fields[i] == 'moved' then
      held.moved = true
    else
      held.sum = held.sum + amount
      if not held.first or endsAt < held.first then held.first = endsAt end
    end
  end
  return held
end

-- When the next guess may be set aside.
local function roomAt(held, cap, expiresAt)
  return held.sum < cap and now or math.min(held.first or expiresAt, expiresAt)
end
`;

/** What is counted, and how long it is kept. Needs `now`. */
export const KEEPING = `
-- Ten minutes longer, so that a key that is used often need not be told each time.
local function keepFor(key, isNew, ms)
  if isNew or call('PTTL', key) < ms then call('PEXPIRE', key, text(ms + 600000)) end
end

-- The first one in a slot keeps the key for all of it, and lets go of what no window reaches any more.
local function addToSum(place, windowMs, amount)
  local key, slot = KEYS[place], math.floor(now / math.ceil(windowMs / ${SLOTS}))
  local added = text(amount)
  if call('HINCRBY', key, text(slot), added) > tonumber(added) then return end
  for _, old in ipairs(call('HKEYS', key)) do
    if tonumber(old) < slot - ${SLOTS + SLOTS_SPARE} then call('HDEL', key, old) end
  end
  call('PEXPIRE', key, text(2 * windowMs))
end
`;
