import { setTimeout as sleep } from 'node:timers/promises'
import { connectRedisKv, createDirectory, StartupError, type Logger } from '@parley/kit'
import type { Replica } from './replica.ts'

const timeoutMs = 10_000
const pollEveryMs = 100

/**
 * Resolves when the directory in Redis has every one of these replicas.
 * @throws StartupError naming those that are missing after 10 s
 */
export async function untilAnnounced(
  replicas: readonly Replica[],
  { redis, namespace, log }: { redis: string; namespace: string; log: Logger },
): Promise<void> {
  // That this connection comes and goes is nobody's concern.
  const kv = await connectRedisKv({ url: redis, namespace, log: log.child({}, { level: 'error' }) })
  const directory = createDirectory(kv, [...new Set(replicas.map(({ service }) => service))], { log })
  try {
    await directory.start()
    const until = performance.now() + timeoutMs
    const missing = () =>
      replicas.filter(({ service, url }) => !directory.instances(service).some((one) => one.url === url))
    while (missing().length > 0) {
      if (performance.now() > until)
        throw new StartupError(
          `not in the directory: ${missing()
            .map(({ label }) => label)
            .join(', ')}`,
        )
      await sleep(pollEveryMs)
    }
  } finally {
    directory.stop()
    await kv.close()
  }
}
