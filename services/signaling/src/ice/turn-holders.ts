import type { Kv, Logger } from '@parley/kit'

/**
 * The people in rooms who were given TURN credentials: relaying costs the host of the product money, so
 * `GET /v1/ice-servers` gives them to nobody else. The store remembers it for the life of the credentials, which are renewed
 * before; a lost entry costs no more than that the next renewal brings it back.
 */
export class TurnHolders {
  readonly #kv: Pick<Kv, 'get' | 'set' | 'delete'>
  readonly #log: Logger

  constructor({ kv, log }: { kv: Pick<Kv, 'get' | 'set' | 'delete'>; log: Logger }) {
    this.#kv = kv
    this.#log = log
  }

  /** This participant was given credentials that last for `ttlMs`. */
  async hold(userId: string, participantId: string, ttlMs: number): Promise<void> {
    await this.#try('remember', () => this.#kv.set(keyOf(userId), participantId, ttlMs))
  }

  /** The participant has left. Of somebody who is in rooms twice the later one counts. */
  async release(userId: string, participantId: string): Promise<void> {
    await this.#try('forget', async () => {
      if ((await this.#kv.get(keyOf(userId))) === participantId) await this.#kv.delete(keyOf(userId))
    })
  }

  /** False also while the store is away. */
  async holds(userId: string): Promise<boolean> {
    return (await this.#try('ask', () => this.#kv.get(keyOf(userId)))) != null
  }

  async #try<T>(what: string, task: () => Promise<T>): Promise<T | null> {
    try {
      return await task()
    } catch (err) {
      this.#log.info({ err, what }, 'the store does not say who holds TURN credentials')
      return null
    }
  }
}

const keyOf = (userId: string): string => `turn-holder:${userId}`
