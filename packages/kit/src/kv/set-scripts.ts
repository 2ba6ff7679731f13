import { clock, script } from './lua.ts'

/** KEYS set. ARGV ttl, then at most 1,000 members. */
export const announceScript = script(`${clock}
local args = {}
for i = 2, #ARGV do
  args[#args + 1] = now + ARGV[1]
  args[#args + 1] = ARGV[i]
end
return redis.call('ZADD', KEYS[1], unpack(args))
`)
/** KEYS set. */
export const aliveScript = script(`${clock} return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')`)
/** KEYS set. */
export const expiredScript = script(`${clock} return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)`)
