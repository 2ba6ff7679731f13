import type { Parley } from '@parley/client'
import type { MeetingEvent, Message, Participant, RoomView } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'

/** Somebody who collects the events of a stream, until stopped. */
export interface Watcher<E extends { id: string }> {
  readonly events: readonly E[]
  /** The error that ended the stream, if it was not `stop`. */
  readonly failure: unknown
  stop(): Promise<void>
}
export type MeetingWatcher = Watcher<MeetingEvent & { id: string }>

export function watch<E extends { id: string }>(
  open: (options: { signal: AbortSignal }) => AsyncIterable<E>,
): Watcher<E> {
  const ending = new AbortController()
  const events: E[] = []
  const outcome: { failure: unknown } = { failure: null }
  const reading = (async () => {
    try {
      for await (const event of open({ signal: ending.signal })) events.push(event)
    } catch (error) {
      outcome.failure = error
    }
  })()
  return {
    events,
    get failure() {
      return outcome.failure
    },
    async stop() {
      ending.abort()
      await reading
    },
  }
}

export const watchMeeting = (who: Parley, meetingId: string): MeetingWatcher =>
  watch((options) => who.meetingEvents(meetingId, options))

/** Waits until these have all come to the same place. */
export const untilLevel = (watchers: readonly MeetingWatcher[], withinMs: number): Promise<void> =>
  eventually(() => {
    const places = new Set(watchers.map(({ events }) => events.at(-1)?.id ?? ''))
    const failed = watchers.find(({ failure }) => failure !== null)
    if (failed) throw new Error('a stream has failed', { cause: failed.failure })
    if (places.size !== 1 || places.has('')) throw new Error(`they are at ${[...places].join(' ')}`)
  }, withinMs)

export const messagesIn = ({ events }: MeetingWatcher): Message[] =>
  events.flatMap((event) => (event.type === 'chat.message' ? [event.data.message] : []))

/** The room as it was when the stream began. */
export function startOf({ events: [first] }: MeetingWatcher): RoomView {
  if (first?.type !== 'room.snapshot') throw new Error(`it begins with ${first?.type}`)
  return first.data
}

/** The news of the room after a version. */
export const roomEventsAfter = ({ events }: MeetingWatcher, v: number): [string, unknown][] =>
  events
    .filter(({ type, data }) => type !== 'room.snapshot' && 'v' in data && data.v > v)
    .map(({ type, data }) => [type, data])

/** The people in the room, by id, as these events alone tell it. */
export function fold({ events }: MeetingWatcher): Map<string, Participant> {
  const participants = new Map<string, Participant>()
  for (const event of events) apply(participants, event)
  return participants
}

function apply(participants: Map<string, Participant>, { type, data }: MeetingEvent): void {
  const put = (all: readonly Participant[]) => all.forEach((one) => participants.set(one.id, one))
  const change = (id: string, changed: Partial<Participant>) => {
    const participant = participants.get(id)
    if (participant) participants.set(id, { ...participant, ...changed })
  }
  switch (type) {
    case 'room.snapshot':
      participants.clear()
      return put(data.participants)
    case 'room.delta':
      data.left.forEach((id) => participants.delete(id))
      return put(data.upserts)
    case 'participant.joined':
      return put([data.participant])
    case 'participant.left':
      return void participants.delete(data.participantId)
    case 'participant.updated': {
      const { role, name, connection, spotlight } = data
      return change(data.participantId, {
        ...(role && { role }),
        ...(name && { name }),
        ...(connection && { connection }),
        ...(spotlight !== undefined && { spotlight }),
      })
    }
    case 'media.changed':
      return change(data.participantId, { mic: data.mic, cam: data.cam, screen: data.screen })
    case 'hand.changed':
      return change(data.participantId, { hand: data.hand })
    default:
  }
}
