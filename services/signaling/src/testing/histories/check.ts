import fc from 'fast-check'
import { asked, commandsOf, type RequestedCommand } from './asked.ts'
import { History, type Count, type Reducer } from './play.ts'

/** One happening, as a command of fast-check's model runs. */
class Happens<View> implements fc.Command<object, History<View>> {
  readonly #asked: RequestedCommand

  constructor(step: RequestedCommand) {
    this.#asked = step
  }

  check(): boolean {
    return true
  }

  run(_model: object, history: History<View>): void {
    const { ledger, room } = history
    ledger.now += this.#asked.after
    for (const command of commandsOf(this.#asked, ledger, room)) history.submit(command)
  }

  toString(): string {
    return JSON.stringify(this.#asked)
  }
}

export interface HistoriesOptions<View> {
  histories: number
  /** Commands in each, at most. */
  length: number
  seed?: number
  reducer: Reducer<View>
}

/**
 * Plays random histories against the rules of a room and a client's model of it; throws the smallest history in which something
 * does not hold, with the seed that repeats it. Resolves to how often each command and event occurred.
 */
export function checkHistories<View>({
  histories,
  length,
  seed,
  reducer,
}: HistoriesOptions<View>): Map<string, number> {
  const counts = new Map<string, number>()
  const count: Count = (what) => void counts.set(what, (counts.get(what) ?? 0) + 1)
  const commands = fc.commands([asked.map((step) => new Happens<View>(step))], { maxCommands: length, size: 'max' })
  const property = fc.property(commands, (steps) => {
    const real = new History(reducer, count)
    fc.modelRun(() => ({ model: {}, real }), steps)
    real.checkAll()
  })
  fc.assert(property, { numRuns: histories, ...(seed !== undefined && { seed }) })
  return counts
}
