import type { JanusAdmin } from './admin.ts'
import { JanusError } from './janus-error.ts'
import { bitrateOf, readHandle, type HandleReading } from './handle-load.ts'

/** The load of a Janus, as far as it was asked by now. */
export interface CarriedLoad {
  sessions: number
  /** Media that come in or go out. */
  streams: number
  /** Both directions together. */
  bitsPerSecond: number
}

/** Questions to the admin API in one turn: so a Janus of a thousand people is not asked thousands of times a second. */
const asksPerTurn = 16

interface Known {
  reading: HandleReading
  bitsPerSecond: number
  round: number
}
interface PublisherHandle {
  session: number
  handle: number
}

/**
 * Reads what one Janus carries, handle by handle, a few in each turn. A round begins with the list of sessions; what a whole round did not
 * find is forgotten.
 */
export class LoadMeter {
  readonly #admin: Pick<JanusAdmin, 'sessions' | 'handles' | 'handleInfo'>
  readonly #known = new Map<string, Known>()
  #sessions: number[] = []
  #handles: PublisherHandle[] = []
  #count = 0
  #round = 0
  #running = false

  constructor(admin: Pick<JanusAdmin, 'sessions' | 'handles' | 'handleInfo'>) {
    this.#admin = admin
  }

  get load(): CarriedLoad {
    const all = [...this.#known.values()]
    return {
      sessions: this.#count,
      streams: all.reduce((sum, { reading }) => sum + reading.streams, 0),
      bitsPerSecond: Math.round(all.reduce((sum, { bitsPerSecond }) => sum + bitsPerSecond, 0)),
    }
  }

  /** Asks on; nothing while an earlier turn still asks. Never rejects: a Janus that does not answer is asked in the next turn. */
  async turn(): Promise<void> {
    if (this.#running) return
    this.#running = true
    try {
      let asked = 0
      while (asked < asksPerTurn && (await this.#ask())) asked += 1
    } catch {
      this.#handles = []
      this.#sessions = []
    } finally {
      this.#running = false
    }
  }

  forget(): void {
    this.#known.clear()
    this.#handles = []
    this.#sessions = []
    this.#count = 0
  }

  /** One question. False: a round is done. */
  async #ask(): Promise<boolean> {
    const handle = this.#handles.pop()
    if (handle !== undefined) {
      await this.#read(handle)
      return true
    }
    const session = this.#sessions.pop()
    if (session !== undefined) {
      // A session may end between two questions.
      const handles = await this.#admin.handles(session).catch(nothingIfGone)
      this.#handles = handles.map((id) => ({ session, handle: id }))
      return true
    }
    for (const [key, { round }] of this.#known) if (round < this.#round) this.#known.delete(key)
    this.#sessions = await this.#admin.sessions()
    this.#count = this.#sessions.length
    this.#round += 1
    return false
  }

  async #read({ session, handle }: PublisherHandle): Promise<void> {
    const key = `${session}/${handle}`
    const info = await this.#admin.handleInfo(session, handle).catch(nothingIfGone)
    const reading = readHandle(info)
    if (reading === null) return void this.#known.delete(key)
    const bitsPerSecond = bitrateOf(reading, this.#known.get(key)?.reading)
    this.#known.set(key, { reading, bitsPerSecond, round: this.#round })
  }
}

/** @throws what says that Janus itself is away */
function nothingIfGone(error: unknown): never[] {
  if (error instanceof JanusError) return []
  throw error
}
