import { keptFacts } from './checks.ts'
import { script } from './lua.ts'
import { shardCount } from './shards.ts'

/** How many facts one call removes at most. */
export const trimmedAtOnce = 1000
/** How many facts of a shard stay when all is acknowledged. */
export const keptPerShard = Math.ceil(keptFacts / shardCount)

/**
 * Removes the oldest facts that every group has acknowledged, and leaves some. KEYS stream. Answers how many it removed.
 *
 * A group has acknowledged everything before the oldest fact that a consumer of it still has. Without one it is everything before the last
 * that was given out.
 */
export const trimScript = script(`
local extra = math.min(redis.call('XLEN', KEYS[1]) - ${keptPerShard}, ${trimmedAtOnce})
if extra <= 0 then return 0 end
local function later(one, other)
  local oneMs, oneSeq = string.match(one, '(%d+)-(%d+)')
  local otherMs, otherSeq = string.match(other, '(%d+)-(%d+)')
  if oneMs ~= otherMs then return tonumber(oneMs) > tonumber(otherMs) end
  return tonumber(oneSeq) > tonumber(otherSeq)
end
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', extra + 1)
local from = oldest[#oldest][1]
for _, pairs in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #pairs, 2 do group[pairs[i]] = pairs[i + 1] end
  local needed = group['last-delivered-id']
  if group['pending'] > 0 then needed = redis.call('XPENDING', KEYS[1], group['name'])[2] end
  if later(from, needed) then from = needed end
end
return redis.call('XTRIM', KEYS[1], 'MINID', from)
`)
