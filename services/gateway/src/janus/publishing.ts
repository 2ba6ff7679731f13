import type { Kv, Logger } from '@parley/kit'
import type { PublishingHandle } from './filter.ts'

/** Where each session of a Janus publishes. It may be claimed on another gateway, after its socket was lost. */
export interface Publishing {
  remember(janusId: string, where: PublishingHandle): void
  /** Null when it publishes nowhere, or nobody can say now. */
  recall(janusId: string, session: number): Promise<PublishingHandle | null>
}

/** Longer than a call. */
const keptMs = 24 * 3_600_000

const keyOf = (janusId: string, session: number): string => `janus-publishing:${janusId}:${session}`

export const createPublishing = ({ kv, log }: { kv: Pick<Kv, 'get' | 'set'>; log: Logger }): Publishing => ({
  remember(janusId, { session, handle }) {
    kv.set(keyOf(janusId, session), String(handle), keptMs).catch((err: unknown) =>
      log.debug({ err }, 'where a session of Janus publishes is known to this gateway only'),
    )
  },
  async recall(janusId, session) {
    try {
      const handle = await kv.get(keyOf(janusId, session))
      return handle === null ? null : { session, handle: Number(handle) }
    } catch (err) {
      log.debug({ err }, 'where a claimed session of Janus publishes is not known')
      return null
    }
  },
})
