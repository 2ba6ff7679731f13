import { connectNatsBus, connectRedisKv, createLogger, createMemoryBus, createMemoryKv } from '@parley/kit'
import { startNats, startRedis } from '@parley/kit/testing'

const log = createLogger({ service: 'test', level: 'silent' })

/** What nodes stand on: in one process, or real servers. */
export const worlds = {
  'in one process': async () => ({ bus: createMemoryBus({ log }), kv: createMemoryKv({ log }), stop: async () => {} }),
  'on NATS and Redis': async () => {
    const [nats, redis] = await Promise.all([startNats(), startRedis()])
    const bus = await connectNatsBus({ url: nats.url, name: 'test', log })
    const kv = await connectRedisKv({ url: redis.url, log })
    return { bus, kv, stop: async () => void (await Promise.all([nats.stop(), redis.stop()])) }
  },
}
