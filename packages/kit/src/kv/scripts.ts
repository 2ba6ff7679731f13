import { rememberedCommits, rememberedFacts, rememberedRemovals } from './checks.ts'
import { script } from './redis-link.ts'

const appendFacts = `
local function append(stream, from)
  for i = from, #ARGV do redis.call('XADD', stream, 'MAXLEN', '~', ${rememberedFacts}, '*', 't', ARGV[i]) end
end
`

/**
 * KEYS document, changes (field by version), removals (field by version), facts. ARGV epoch, expected, commit id, ttl,
 * number of steps; per step the number of its changes and for each `=` or `-`, field, value; then the facts.
 */
export const commitScript = script(`${appendFacts}
local doc, changed, removed = KEYS[1], KEYS[2], KEYS[3]
local epoch, expected, id = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local has = redis.call('HMGET', doc, 'epoch', 'version', 'commits')
local version = tonumber(has[2] or '0')
for at, known in string.gmatch(has[3] or '', '(%d+) ([^\\n]+)') do
  if known == id then return {1, '', tonumber(at)} end
end
if (has[1] or epoch) ~= epoch or version ~= expected then return {0, has[1] or '', version} end
if not has[1] then redis.call('DEL', changed, removed) end
local arg = 6
for _ = 1, tonumber(ARGV[5]) do
  version = version + 1
  local count = tonumber(ARGV[arg])
  for i = arg + 1, arg + count * 3, 3 do
    local field = ARGV[i + 1]
    if ARGV[i] == '=' then
      redis.call('HSET', doc, 'f:' .. field, ARGV[i + 2])
      redis.call('ZADD', changed, version, field)
      redis.call('ZREM', removed, field)
    elseif redis.call('HDEL', doc, 'f:' .. field) == 1 then
      redis.call('ZREM', changed, field)
      redis.call('ZADD', removed, version, field)
    end
  end
  arg = arg + 1 + count * 3
end
local extra = redis.call('ZCARD', removed) - ${rememberedRemovals}
if extra > 0 then
  local forgotten = redis.call('ZPOPMIN', removed, extra)
  redis.call('HSET', doc, 'floor', forgotten[#forgotten])
end
local commits, kept = version .. ' ' .. id, 1
for line in string.gmatch(has[3] or '', '[^\\n]+') do
  if kept < ${rememberedCommits} then commits, kept = commits .. '\\n' .. line, kept + 1 end
end
redis.call('HSET', doc, 'epoch', epoch, 'version', version, 'commits', commits)
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], ARGV[4]) end
append(KEYS[4], arg)
return {1, '', version}
`)

/** KEYS document, changes, removals. ARGV epoch, version. Answers version, changed fields with values, removed fields. */
export const sinceScript = script(`
local has = redis.call('HMGET', KEYS[1], 'epoch', 'version', 'floor')
local from, version = tonumber(ARGV[2]), tonumber(has[2] or '0')
if has[1] ~= ARGV[1] or from < tonumber(has[3] or '0') or from > version then return false end
local changed = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[2], '+inf')
local pairs = {}
for _, field in ipairs(changed) do
  pairs[#pairs + 1] = field
  pairs[#pairs + 1] = redis.call('HGET', KEYS[1], 'f:' .. field)
end
return {version, pairs, redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. ARGV[2], '+inf')}
`)

/** KEYS document, changes, removals, facts. ARGV epoch, version, then the facts. Answers 1 if it was removed. */
export const removeScript = script(`${appendFacts}
local has = redis.call('HMGET', KEYS[1], 'epoch', 'version')
if has[1] ~= ARGV[1] or has[2] ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
append(KEYS[4], 3)
return 1
`)

const clock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`
/** KEYS set. ARGV member, ttl. */
export const announceScript = script(`${clock} return redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])`)
/** KEYS set. */
export const aliveScript = script(`${clock} return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')`)
/** KEYS set. */
export const expiredScript = script(`${clock} return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)`)
