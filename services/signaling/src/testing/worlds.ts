import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { connectNatsBus, connectRedisKv, createLogger, createMemoryBus, createMemoryKv, type Kv } from '@parley/kit'
import { startNats, startRedis } from '@parley/kit/testing'

const run = promisify(execFile)
const log = createLogger({ service: 'test', level: 'silent' })

/**
 * The servers of nodes: in one process, or real servers. `forget` makes the store lose everything. `connectStore` gives a node a
 * connection of its own.
 */
export const worlds = {
  'in one process': async () => {
    const kv = createMemoryKv({ log })
    return {
      bus: createMemoryBus({ log }),
      kv,
      connectStore: async (): Promise<Kv> => kv,
      forget: async () => kv.forget(),
      stop: async () => {},
    }
  },
  'on NATS and Redis': async () => {
    const [nats, redis] = await Promise.all([startNats(), startRedis()])
    const bus = await connectNatsBus({ url: nats.url, name: 'test', log })
    const kv = await connectRedisKv({ url: redis.url, log })
    return {
      bus,
      kv,
      nats,
      redis,
      connectStore: () => connectRedisKv({ url: redis.url, log }),
      forget: async () => void (await run('redis-cli', ['-u', redis.url, 'flushall'])),
      stop: async () => void (await Promise.all([nats.stop(), redis.stop()])),
    }
  },
}
