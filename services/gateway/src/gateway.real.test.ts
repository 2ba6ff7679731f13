import { connectNatsBus, connectRedisKv, createLogger } from '@parley/kit'
import { startNats, startRedis } from '@parley/kit/testing'
import { gatewayContract } from './gateway.contract.ts'

gatewayContract('NATS and Redis', async () => {
  const log = createLogger({ service: 'gateway', level: 'silent' })
  const [nats, redis] = await Promise.all([startNats(), startRedis()])
  const bus = await connectNatsBus({ url: nats.url, name: 'gateway-test', log, onClosed: () => {} })
  const kv = await connectRedisKv({ url: redis.url, log })
  return {
    bus,
    kv,
    async close() {
      await bus.close(500)
      await kv.close()
      await Promise.all([nats.stop(), redis.stop()])
    },
  }
})
