import { SLOTS, SLOTS_KEPT } from "../../core/protection/sums.ts";
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
 * A replica that was promoted, and a server that came back from its files, begin a history of their own, and may lack
 * the last of what was answered before (T16).
 */
export const HISTORY = `
local function history()
  local info = redis.call('INFO', 'replication')
  local _, last = string.find(info, 'master_replid:', 1, true)
  return last and string.match(info, '^%x+', last + 1) or ''
end
`;

/**
 * From when on a check lets the next event through, as `backoffEndsAt`, `sumFreeAt` and the windows say. Events later than now
 * (of a process whose clock is ahead) count too. Needs `bounds`, `member` and `now`.
 */
export const FREE_AT = `
local sizes = {}

local function sizeOf(place)
  local size = sizes[place]
  if not size then
    size = redis.call('ZCARD', KEYS[place])
    sizes[place] = size
  end
  return size
end

local function windowFreeAt(place, max, windowMs)
  if max < 1 then return now + windowMs end
  if sizeOf(place) < max then return now end
  local nth = redis.call('ZREVRANGE', KEYS[place], max - 1, max - 1, 'WITHSCORES')
  if nth[2] then return tonumber(nth[2]) + windowMs end
  return now
end

-- Where this take's event is the only one there is.
local isAlone = {}

local function timesIn(place, windowMs)
  if isAlone[place] then return {now} end
  local times = {}
  local rows = redis.call('ZRANGEBYSCORE', KEYS[place], '(' .. text(now - windowMs), '+inf', 'WITHSCORES')
  for i = 2, #rows, 2 do times[i / 2] = tonumber(rows[i]) end
  return times
end

local function backoffFreeAt(place, first, windowMs, baseMs, every)
  if sizeOf(place) < first then return now end
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

local function slotsFreeAt(fields, beyond, first, slotMs, windowMs)
  local slots = {}
  for i = 1, #fields, 2 do
    local slot = tonumber(fields[i])
    if slot >= first then table.insert(slots, {slot, tonumber(fields[i + 1])}) end
  end
  table.sort(slots, function(a, b) return a[1] < b[1] end)
  for _, slot in ipairs(slots) do
    beyond = beyond - slot[2]
    if beyond <= 0 then return (slot[1] + ${SLOTS_KEPT}) * slotMs end
  end
  return now + windowMs
end

-- By the place of a sum: its slot of now, and those that no window reaches any more, nor a clock that goes back by a third of it.
local slotOf, ended = {}, {}

local function sumFreeAt(place, max, windowMs, amount)
  local fields = redis.call('HGETALL', KEYS[place])
  local slotMs = math.ceil(windowMs / ${SLOTS})
  local newest = math.floor(now / slotMs)
  local first = newest - ${SLOTS}
  local total, old = amount, {}
  for i = 1, #fields, 2 do
    local slot = tonumber(fields[i])
    if slot >= first then
      total = total + tonumber(fields[i + 1])
    elseif slot < first - 20 then
      table.insert(old, fields[i])
    end
  end
  slotOf[place], ended[place] = newest, old
  if total <= max then return now end
  return slotsFreeAt(fields, total - max, first, slotMs, windowMs)
end

local counted = {}

local function isCounted(place)
  if counted[place] == nil then
    counted[place] = sizeOf(place) > 0 and redis.call('ZSCORE', KEYS[place], member) ~= false
  end
  return counted[place]
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
 * Guesses set aside are fields `member → amount:endsAt` of one hash; the field `moved` is no lease, but stands for guesses
 * that went to the ledger. `dead` are those that ended a minute ago: what ended just now a clock that goes back finds again.
 * Needs `member` and `now`.
 */
export const LEASES = `
local function leasesOn(key)
  local fields = redis.call('HGETALL', key)
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

-- A little longer, so that a key that is used often need not be told each time.
local function keepFor(key, isNew, ms, longer)
  if isNew or redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, text(ms + longer)) end
end
`;
