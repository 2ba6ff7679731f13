import { none, type Figure } from './figures.ts'
import type { History } from './history/history.ts'

/** A connection that was lost and came back, or not. */
export interface Comeback {
  client: string
  lostAt: number
  /** Null when it never came back. */
  backAt: number | null
  how: 'resumed' | 'joined' | null
}

/** Every time a client was reconnecting, with how that ended. */
export function comebacksOf({ statuses, entries }: History): Comeback[] {
  const all: Comeback[] = []
  for (const [client, changes] of Map.groupBy(statuses, (change) => change.client)) {
    for (const [index, { state, at }] of changes.entries()) {
      if (state !== 'reconnecting') continue
      const next = changes[index + 1]
      const backAt = next?.state === 'joined' ? next.at : null
      const entry = entries.findLast((one) => one.client === client && backAt !== null && one.at <= backAt)
      all.push({ client, lostAt: at, backAt, how: backAt === null ? null : (entry?.how ?? null) })
    }
  }
  return all
}

/** Milliseconds that each took; Infinity for one that never came back. */
export const durationsOf = (comebacks: readonly Comeback[]): number[] =>
  comebacks.map(({ lostAt, backAt }) => (backAt === null ? Infinity : backAt - lostAt))

/** No client lost its connection, nobody was seen to leave, nothing was lost: a gateway carries all of it over. */
export const stayFigures = (history: History): Figure[] => [
  none('clients that lost their connection', comebacksOf(history).length),
  none('seen to leave', unwantedDepartures(history)),
  none('sends that failed', failedSends(history)),
]

/** How long the answers to requests of these types took that were sent between two moments. */
export function answerTimes({ requests, endedAt }: History, types: readonly string[], from: number, until: number) {
  return requests
    .filter(({ type, at }) => types.includes(type) && at >= from && at <= until)
    .map(({ at, end }) => (end?.at ?? endedAt) - at)
}

/** How long after it was accepted each message was shown to each of those who were present, in milliseconds. */
export function lagsOf({ sends, shown, views }: History): number[] {
  const acceptedAt = new Map<string, number>()
  for (const { text, outcome } of sends) if (outcome.is === 'accepted') acceptedAt.set(text, outcome.at)
  const present = new Set(views.map(({ client }) => client))
  return shown
    .filter(({ client, text }) => present.has(client) && acceptedAt.has(text))
    .map(({ text, at }) => Math.max(0, at - (acceptedAt.get(text) ?? at)))
}

/** Departures that somebody saw of those who were neither taken away nor meant to leave. */
export const unwantedDepartures = ({ departures, gone }: History): number =>
  departures.filter(({ participantId }) => !gone.has(participantId)).length

/** The departures, as each of those who stayed in the room should have seen them: when, null if it was not seen. */
export interface Sighting {
  participantId: string
  seenBy: string
  reconnectingAt: number | null
  leftAt: number | null
}

export function sightingsOf({ gone, views, marks, departures, stays }: History): Sighting[] {
  const people = new Set(stays.map(({ client }) => client))
  return [...gone].flatMap(([participantId, room]) =>
    views
      .filter((view) => view.room === room && people.has(view.client))
      .map(({ client }) => {
        const isThis = (one: { participantId: string; seenBy: string }) =>
          one.participantId === participantId && one.seenBy === client
        const marked = marks.find((one) => isThis(one) && one.connection === 'reconnecting')
        const left = departures.find(isThis)
        return { participantId, seenBy: client, reconnectingAt: marked?.at ?? null, leftAt: left?.at ?? null }
      }),
  )
}

/** Sends that were refused for good, or never ended, of those who stayed to the end. */
export function failedSends({ sends, views }: History): number {
  const present = new Set(views.map(({ client }) => client))
  return sends.filter(({ client, outcome }) => present.has(client) && outcome.is !== 'accepted').length
}

/** How long after `from` each room had a message accepted; Infinity for one that had none. */
export const firstSends = ({ sends }: History, from: number): number[] =>
  [...Map.groupBy(sends, ({ room }) => room).values()].map((ofRoom) => {
    const times = ofRoom.flatMap(({ outcome }) => (outcome.is === 'accepted' && outcome.at > from ? [outcome.at] : []))
    return Math.min(...times) - from
  })
