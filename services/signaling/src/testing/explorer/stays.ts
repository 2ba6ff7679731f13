import type { Fact, RosterEntry } from '@parley/contracts'

interface Stay {
  participantId: string
  userId: string
  leftAt: number | null
  factAt: number
  factId: string
}

/** Facts may overtake each other by this much, as meetings has it. */
const disorderMs = 30_000

/** The people written down as being in a meeting: attendance as meetings keeps it, of one meeting. */
export class Stays {
  readonly #all = new Map<string, Stay>()

  get present(): string[] {
    return [...this.#all.values()].filter(({ leftAt }) => leftAt === null).map(({ participantId }) => participantId)
  }

  apply(fact: Fact): void {
    const at = Date.parse(fact.at)
    // Only news end the stays of others: the same fact may come again, when there are others.
    if (fact.kind === 'restored') {
      const isNews = fact.people.map((participant) =>
        this.#put({ ...stayOf(participant), factAt: at, factId: fact.id, leftAt: null }),
      )
      if (isNews.length === 0 || isNews.includes(true)) this.#close({ at, before: at, except: fact.people })
      return
    }
    const { participantId, userId } = fact
    const leftAt = fact.kind === 'left' ? at : null
    if (!this.#put({ participantId, userId, leftAt, factAt: at, factId: fact.id })) return
    if (fact.kind === 'left' && fact.present === 0) this.#close({ at, before: at, except: [] })
    // Nobody else is in the room: who was, was lost with it.
    if (fact.kind === 'joined' && fact.present === 1) this.#close({ at, before: at, except: [fact] })
  }

  /** The people in the room at that time. */
  compare(roster: readonly RosterEntry[], at: number): void {
    for (const participant of roster)
      if (!this.#all.has(participant.participantId))
        this.#put({
          ...stayOf(participant),
          leftAt: null,
          factAt: Date.parse(participant.joinedAt),
          factId: participant.participantId,
        })
    this.#close({ at, before: at - disorderMs, except: roster })
  }

  #put(stay: Stay): boolean {
    const known = this.#all.get(stay.participantId)
    const isNewer = !known || stay.factAt > known.factAt || (stay.factAt === known.factAt && stay.factId > known.factId)
    if (isNewer) this.#all.set(stay.participantId, stay)
    return isNewer
  }

  /** Ends the stays of whom nothing has been heard since `before`. */
  #close({ at, before, except }: { at: number; before: number; except: readonly { participantId: string }[] }): void {
    for (const stay of this.#all.values()) {
      const isThere = except.some(({ participantId }) => participantId === stay.participantId)
      if (stay.leftAt === null && !isThere && stay.factAt < before) stay.leftAt = at
    }
  }
}

const stayOf = ({ participantId, userId }: RosterEntry) => ({ participantId, userId })
