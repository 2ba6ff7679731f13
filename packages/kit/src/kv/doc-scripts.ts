import { rememberedCommits, rememberedRemovals } from './checks.ts'
import { append, heads, isIncarnation, script, sentinel } from './lua.ts'

/*
 * A document is a hash and two indexes, sorted sets of field by version: its changes and its removals. A head goes into a script as
 * its epoch and its line "version id"; an empty line is no document. Out comes 1 (done) or 0 with the head that leads to, or that
 * stands in the way: epoch, version, commit id.
 */

/**
 * KEYS document, changes, removals, facts, incarnation. ARGV epoch, line, commit id, ttl, incarnation, number of steps; per step the
 * number of its changes and for each `=` or `-`, field, value; then the facts.
 */
export const commitScript = script(`${append}${heads}${sentinel}${isIncarnation}
local doc, changed, removed = KEYS[1], KEYS[2], KEYS[3]
local epoch, line, id = ARGV[1], ARGV[2], ARGV[3]
local has = redis.call('HMGET', doc, 'epoch', 'version', 'commits')
local again = repeated(has, id)
if again then return again end
if not isAt(has, epoch, line) then return answer(0, has) end
if not has[1] then
  if not isIncarnation(KEYS[5], ARGV[5]) then return {0} end
  beginIndexes(changed, removed)
end
local version = tonumber(has[2] or '0')
local arg = 7
for _ = 1, tonumber(ARGV[6]) do
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
local extra = redis.call('ZCARD', removed) - ${rememberedRemovals + 1}
if extra > 0 then
  local forgotten = redis.call('ZPOPMIN', removed, extra)
  redis.call('HSET', doc, 'floor', forgotten[#forgotten])
end
local commits, kept = version .. ' ' .. id, 1
for known in string.gmatch(has[3] or '', '[^\\n]+') do
  if kept < ${rememberedCommits} then commits, kept = commits .. '\\n' .. known, kept + 1 end
end
redis.call('HSET', doc, 'epoch', epoch, 'version', version, 'commits', commits)
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], ARGV[4]) end
append(KEYS[4], arg)
return {1, epoch, version, id}
`)

/**
 * KEYS document, changes, removals, facts. ARGV epoch and line of what it replaces, commit id, ttl, new epoch, version, origin,
 * number of fields; the fields with their values; then the facts.
 */
export const restoreScript = script(`${append}${heads}${sentinel}
local doc, id, epoch, version = KEYS[1], ARGV[3], ARGV[5], ARGV[6]
local has = redis.call('HMGET', doc, 'epoch', 'version', 'commits')
local again = repeated(has, id)
if again then return again end
if not isAt(has, ARGV[1], ARGV[2]) then return answer(0, has) end
redis.call('DEL', doc)
beginIndexes(KEYS[2], KEYS[3])
local commits = version .. ' ' .. id
redis.call('HSET', doc, 'epoch', epoch, 'version', version, 'commits', commits)
redis.call('HSET', doc, 'base', version, 'floor', version, 'origin', ARGV[7])
local facts = 9 + tonumber(ARGV[8]) * 2
for i = 9, facts - 1, 2 do redis.call('HSET', doc, 'f:' .. ARGV[i], ARGV[i + 1]) end
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], ARGV[4]) end
append(KEYS[4], facts)
return {1, epoch, version, id}
`)

/** KEYS document, changes, removals. ARGV epoch, line, ttl. Answers 1 if it was renewed. */
export const renewScript = script(`${heads}
local has = redis.call('HMGET', KEYS[1], 'epoch', 'version', 'commits')
if not has[1] or not isAt(has, ARGV[1], ARGV[2]) then return 0 end
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], ARGV[3]) end
return 1
`)

/** KEYS document, changes, removals, facts. ARGV epoch, line, then the facts. Answers 1 if it was removed. */
export const removeScript = script(`${append}${heads}
local has = redis.call('HMGET', KEYS[1], 'epoch', 'version', 'commits')
if not has[1] or not isAt(has, ARGV[1], ARGV[2]) then return 0 end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
append(KEYS[4], 3)
return 1
`)
