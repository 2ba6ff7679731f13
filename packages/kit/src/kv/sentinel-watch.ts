import { Redis } from 'ioredis'
import type { Logger } from '../logger.ts'
import { retryDelay, sentinelTls, type RedisLogin } from './redis-options.ts'
import type { SentinelUrl } from './redis-url.ts'

/**
 * Hears from the Sentinels when they have another master. The old one, if it is only cut off from them, goes on taking writes that
 * will be lost.
 */
export class SentinelWatch {
  readonly #clients: readonly Redis[]

  /** `onSwitch` gets the address of the new master, from each Sentinel that tells. */
  constructor(at: SentinelUrl, { ca }: Pick<RedisLogin, 'ca'>, log: Logger, onSwitch: (to: Address) => void) {
    const { sentinels, name, sentinelPassword } = at
    const tls = sentinelTls(at, ca)
    this.#clients = sentinels.map((address) => {
      const password = sentinelPassword === undefined ? {} : { password: sentinelPassword }
      const client = new Redis({ ...address, ...password, ...watching, ...(tls && { tls }) })
      // Without a listener ioredis prints each failed attempt itself.
      client.on('error', (err: Error) => log.debug({ err, ...address }, 'Sentinel connection error'))
      client.on('message', (_channel: string, text: string) => {
        const [master, , , host, port] = text.split(' ')
        if (master === name && host !== undefined) onSwitch({ host, port: Number(port) })
      })
      client
        .subscribe('+switch-master')
        .catch((err: unknown) => log.debug({ err, ...address }, 'Sentinel does not answer'))
      return client
    })
  }

  close(): void {
    for (const client of this.#clients) client.disconnect()
  }
}

export interface Address {
  host: string
  port: number
}

/** For ever: what is asked waits until the Sentinel is there, and is asked again after each reconnect. */
const watching = {
  enableReadyCheck: false,
  maxRetriesPerRequest: null,
  connectTimeout: 1000,
  keepAlive: 5000,
  retryStrategy: retryDelay,
}
