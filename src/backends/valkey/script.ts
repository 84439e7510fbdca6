import { mute, unheard } from "./error.ts";
import { noteChanges } from "./note.ts";
import { absent, declined, failed } from "./step.ts";

/**
 * Does steps, one for each of KEYS but the last, which is the index of deadlines; or, in mode "l", but the last three, of which
 * the others are what is kept of changes. ARGV has the time, the channel, the mode
 * and then for each step its name and arguments. Returns two replies for each step.
 *
 * A value is a plain string with the server's own expiry, which is one ms later than the deadline: the server hides a key after
 * that ms, and not in it. The index, a sorted set of the keys that have a deadline, is how it becomes known that the server
 * removed one. What changes is published with the change.
 *
 * Modes: "c" in a cluster, where it is published from which node a change comes. "o" for a clock that is not the server's:
 * then the index alone says when a key is over, and the server removes it a day later. "p" as long as it is not proven that
 * the user may publish: then a message without changes is published before the first change. The last reply is 1 when it is
 * proven. "l" with a random number by which changes are noted.
 */
export const script: string = `
${noteChanges}
local word = string.match(ARGV[3], 'l(%d+)')
local count = #KEYS - (word and 3 or 1)
local index, channel, now = KEYS[count + 1], ARGV[2], tonumber(ARGV[1])
local isCluster, isOwnClock = string.find(ARGV[3], 'c'), string.find(ARGV[3], 'o')
local isProven = not string.find(ARGV[3], 'p')
local changes, replies = {}, {}

local function announce()
  if isProven then return end
  local said = redis.pcall('PUBLISH', channel, ' ')
  if type(said) == 'table' then error({ err = '${mute} ' .. said.err }) end
  isProven = true
end

local function report(type, key)
  changes[#changes + 1] = type .. #key .. ':' .. key
end

local function time()
  local parts = redis.call('TIME')
  return parts[1] * 1000 + math.floor(parts[2] / 1000)
end

local function forget(key)
  return redis.call('ZREM', index, key)
end

local function drop(key, type)
  announce()
  redis.call('DEL', key)
  forget(key)
  report(type, key)
end

local function vanished(key)
  local due = redis.call('ZSCORE', index, key)
  if not due then return 0 end
  announce()
  forget(key)
  local isOver = tonumber(due) <= math.max(now, time())
  report(isOver and 'e' or 'd', key)
  return isOver and 1 or 0
end

local function deadline(key)
  local last = redis.call('PEXPIRETIME', key)
  if last == ${absent} then return last end
  if not isOwnClock then return last == -1 and last or last + 1 end
  return tonumber(redis.call('ZSCORE', index, key) or -1)
end

local function live(key)
  local over = deadline(key)
  if over == ${absent} then vanished(key) return nil end
  if over ~= -1 and over <= now then drop(key, 'e') return nil end
  return over
end

local function last(over)
  local at = isOwnClock and time() + math.max(over - now, 0) + 86400000 or over - 1
  return string.format('%.0f', math.max(at, 1))
end

local function put(key, value, over)
  announce()
  if over == '' then
    redis.call('SET', key, value)
    forget(key)
  else
    redis.call('SET', key, value, 'PXAT', last(over))
    redis.call('ZADD', index, over, key)
  end
  report('s', key)
end

local function show(over)
  return over == -1 and '' or string.format('%.0f', over)
end

local width = { get = 0, head = 0, set = 2, delete = 0, expire = 0, take = 0, add = 2, touch = 1, swap = 6, expect = 4, put = 3 }
local steps = {}
-- Whether all was as expected of what belongs together.
local isExpected = true

function steps.get(key)
  local value = redis.call('GET', key)
  if not value then vanished(key) return false, ${absent} end
  local over = live(key)
  if not over then return false, ${absent} end
  return value, over
end

function steps.head(key)
  local over = live(key)
  if not over then return false, ${absent} end
  local size = redis.pcall('STRLEN', key)
  return type(size) == 'number' and size, over
end

function steps.set(key, value, over)
  put(key, value, over)
  return 1, 0
end

steps['delete'] = function(key)
  if not live(key) then return 0, ${absent} end
  drop(key, 'd')
  return 1, 0
end

function steps.expire(key)
  local over = deadline(key)
  if over == ${absent} then return vanished(key), 0 end
  if over ~= -1 and over <= now then drop(key, 'e') return 1, 0 end
  if over == -1 then forget(key) else redis.call('ZADD', index, show(over), key) end
  return 0, 0
end

function steps.take(key)
  if not live(key) then return false, ${absent} end
  local value = redis.call('GET', key)
  drop(key, 'd')
  return value, 0
end

function steps.add(key, by, over)
  local value = live(key) and redis.call('GET', key)
  local text = value or '0'
  if text ~= '0' and not string.find(text, '^%-?[1-9]%d*$') or #text > 17 then return false, ${declined} end
  local sum = tonumber(text) + tonumber(by)
  if math.abs(tonumber(text)) > 9007199254740991 or math.abs(sum) > 9007199254740991 then return false, ${declined} end
  local written = string.format('%.0f', sum)
  if value then
    announce()
    redis.call('SET', key, written, 'KEEPTTL')
    report('s', key)
  else
    put(key, written, over)
  end
  return written, 0
end

function steps.touch(key, over)
  if not live(key) then return 0, ${absent} end
  announce()
  if over == '' then
    redis.call('PERSIST', key)
    forget(key)
  else
    redis.call('PEXPIREAT', key, last(over))
    redis.call('ZADD', index, over, key)
  end
  report('s', key)
  return 1, 0
end

local function isStill(key, isThere, value, over)
  local found = redis.call('GET', key)
  if found and not live(key) then found = false end
  if (isThere == '1') ~= (found ~= false) then return false end
  return not found or found == value and show(deadline(key)) == over
end

local function change(key, isKept, value, over)
  if isKept == '1' then put(key, value, over) elseif redis.call('EXISTS', key) == 1 then drop(key, 'd') end
end

function steps.swap(key, isThere, value, over, ...)
  if not isStill(key, isThere, value, over) then return 0, 0 end
  change(key, ...)
  return 1, 0
end

function steps.expect(key, isFirst, ...)
  isExpected = (isFirst == '1' or isExpected) and isStill(key, ...)
  return isExpected and 1 or 0, 0
end

function steps.put(key, ...)
  if not isExpected then return 0, 0 end
  change(key, ...)
  return 1, 0
end

local at = 4
for i = 1, count do
  local name = ARGV[at]
  local isDone, first, second = pcall(steps[name], KEYS[i], unpack(ARGV, at + 1, at + width[name]))
  at = at + 1 + width[name]
  if not isDone then
    isExpected = false
    first, second = type(first) == 'table' and first.err or tostring(first), ${failed}
  end
  replies[i * 2 - 1], replies[i * 2] = first, second
end

if #changes > 0 then
  if word then note(KEYS[count + 2], KEYS[count + 3], word, changes) end
  local origin = isCluster and redis.pcall('CLUSTER', 'MYID')
  local message = (type(origin) == 'string' and origin or '') .. ' ' .. table.concat(changes)
  local said = redis.pcall('PUBLISH', channel, message)
  if type(said) == 'table' then return redis.error_reply('${unheard} ' .. said.err) end
end
replies[count * 2 + 1] = isProven and 1 or 0
return replies
`;

/** The same for steps that are all "get", by the server's clock: what is no plain value it declines. */
export const getScript: string = `
local index, replies = KEYS[#KEYS], {}
for i = 1, #KEYS - 1 do
  local value, over = redis.pcall('GET', KEYS[i]), ${absent}
  if type(value) == 'string' then
    over = redis.call('PEXPIRETIME', KEYS[i])
    if over ~= -1 then over = over + 1 end
  elseif value or redis.call('ZSCORE', index, KEYS[i]) then
    value, over = false, ${declined}
  end
  replies[i * 2 - 1], replies[i * 2] = value, over
end
return replies
`;

/** The same for steps that are all "set", by the server's clock. */
export const setScript: string = `
${noteChanges}
local word = string.match(ARGV[3], 'l(%d+)')
local count = #KEYS - (word and 3 or 1)
local index, changes = KEYS[count + 1], {}
if string.find(ARGV[3], 'p') then
  local said = redis.pcall('PUBLISH', ARGV[2], ' ')
  if type(said) == 'table' then return redis.error_reply('${mute} ' .. said.err) end
end
for i = 1, count do
  local key, value, over = KEYS[i], ARGV[2 + 3 * i], ARGV[3 + 3 * i]
  if over == '' then
    redis.call('SET', key, value)
    redis.call('ZREM', index, key)
  else
    redis.call('SET', key, value, 'PXAT', string.format('%.0f', over - 1))
    redis.call('ZADD', index, over, key)
  end
  changes[i] = 's' .. #key .. ':' .. key
end
if word then note(KEYS[count + 2], KEYS[count + 3], word, changes) end
local origin = string.find(ARGV[3], 'c') and redis.pcall('CLUSTER', 'MYID')
local message = (type(origin) == 'string' and origin or '') .. ' ' .. table.concat(changes)
local said = redis.pcall('PUBLISH', ARGV[2], message)
if type(said) == 'table' then return redis.error_reply('${unheard} ' .. said.err) end
return 1
`;

/**
 * Reads one key by the server's clock, without the index of deadlines beside it. While a slot of a cluster is half migrated a
 * node does what concerns one key, and puts off what concerns several.
 */
export const aloneScript: string = `
local over = redis.call('PEXPIRETIME', KEYS[1])
if over >= 0 then over = over + 1 end
local value = redis[ARGV[1] == 'get' and 'call' or 'pcall'](ARGV[1] == 'get' and 'GET' or 'STRLEN', KEYS[1])
if over == ${absent} or not value then return { false, ${absent} } end
return { type(value) ~= 'table' and value, over }
`;
