import { meetingsBus, signalingBus } from '@parley/contracts'
import { request, isProblem, type Bus, type Logger } from '@parley/kit'
import { noteStays, type Lease, type RecordingDb } from './store.ts'

const rosterEveryMs = 1_000
const meetingEveryMs = 2_000

interface WatchDeps {
  db: RecordingDb
  bus: Bus
  log: Logger
}

/** Sees who is in the room of a meeting that is recorded, and whether the meeting goes on. Where a question fails, the last answer stays. */
export class RoomWatch {
  readonly #deps: WatchDeps
  readonly #id: string
  readonly #meetingId: string
  #rosterAt = Number.NEGATIVE_INFINITY
  #meetingAt = Number.NEGATIVE_INFINITY
  #emptySince: number | null = null
  over = false

  constructor(deps: WatchDeps, { id }: Lease, meetingId: string) {
    this.#deps = deps
    this.#id = id
    this.#meetingId = meetingId
  }

  /** For how long nobody has been in the room. */
  get emptyMs(): number {
    return this.#emptySince === null ? 0 : performance.now() - this.#emptySince
  }

  async look(): Promise<void> {
    const now = performance.now()
    if (now - this.#rosterAt >= rosterEveryMs) {
      this.#rosterAt = now
      await this.#lookAtRoster()
    }
    if (now - this.#meetingAt >= meetingEveryMs) {
      this.#meetingAt = now
      await this.#lookAtMeeting()
    }
  }

  async #lookAtRoster(): Promise<void> {
    const { db, bus, log } = this.#deps
    try {
      const { people } = await request(bus, signalingBus.roster, { meetingId: this.#meetingId })
      this.#emptySince = people.length > 0 ? null : (this.#emptySince ?? performance.now())
      await noteStays(db, this.#id, people)
    } catch (err) {
      log.debug({ err, recordingId: this.#id }, 'the people in a recorded room are not known')
    }
  }

  async #lookAtMeeting(): Promise<void> {
    const { bus, log } = this.#deps
    try {
      const { meeting } = await request(bus, meetingsBus.readers, { meetingId: this.#meetingId, userIds: [] })
      this.over = meeting.status === 'ended' || meeting.status === 'cancelled'
    } catch (err) {
      if (isProblem(err, 'not-found')) this.over = true
      else log.debug({ err, recordingId: this.#id }, 'it is not known whether a recorded meeting goes on')
    }
  }
}
