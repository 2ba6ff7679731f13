import { signalingBus } from '@parley/contracts'
import { request, type Bus, type Logger } from '@parley/kit'

interface Goodbye {
  meetingId: string
  userId: string
  participantId: string
}

/** So long a page that is loaded anew has to come back, before the others are told that somebody left. */
const returnsWithinMs = 3_000
/** Beyond it, and after a restart, the grace of the lost socket does the same a little later. */
const mostWaiting = 10_000

export interface Goodbyes {
  take(goodbye: Goodbye): void
  stop(): void
}

/** Keeps goodbyes for a moment, then tells the rooms; those who are back by then are not concerned. */
export function createGoodbyes({ bus, log }: { bus: Bus; log: Logger }): Goodbyes {
  const waiting = new Set<NodeJS.Timeout>()
  const tell = async ({ meetingId, ...who }: Goodbye) => {
    try {
      await request(bus, signalingBus.command, { meetingId, command: { kind: 'goodbye', ...who } })
    } catch (error) {
      log.debug({ err: error, meetingId }, 'a goodbye did not reach its room')
    }
  }
  return {
    take(goodbye) {
      if (waiting.size >= mostWaiting) return
      const timer = setTimeout(() => {
        waiting.delete(timer)
        void tell(goodbye)
      }, returnsWithinMs)
      timer.unref()
      waiting.add(timer)
    },
    stop() {
      for (const timer of waiting) clearTimeout(timer)
      waiting.clear()
    },
  }
}
