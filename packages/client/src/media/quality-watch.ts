import type { ConnectionQuality } from '../api.ts'
import { createStore, type WritableStore } from '../store.ts'
import { later } from '../time.ts'
import type { MediaSwitch } from './media-switch.ts'
import { qualityBetween, type TimedSample } from './quality.ts'

const everyMs = 3_000

/** Reads the connections every 3 s and says how well they do. */
export class QualityWatch {
  readonly store: WritableStore<ReadonlyMap<string, ConnectionQuality>> = createStore(new Map())
  #last: TimedSample | null = null
  #stopTimer = () => {}

  start(carrier: MediaSwitch, selfId: () => string, report: (error: unknown) => void): void {
    this.#stopTimer = later(everyMs, () => {
      carrier
        .sample()
        .then((sample) => {
          const now = { at: performance.now(), sample }
          if (this.#last) this.store.set(qualityBetween(this.#last, now, selfId()))
          this.#last = now
        })
        .catch(report)
        .finally(() => this.start(carrier, selfId, report))
    })
  }

  stop(): void {
    this.#stopTimer()
  }
}
