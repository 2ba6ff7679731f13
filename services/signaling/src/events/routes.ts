import type { eventsOperations } from '@parley/contracts'
import type { Handlers, WriteStream } from '@parley/kit'
import type { Channels } from './channels.ts'
import { readCursor } from './cursor.ts'
import { MeetingReader } from './meeting-reader.ts'
import type { EventSink } from './sse.ts'
import type { Feed, StreamSlot, Streams } from './streams.ts'
import { readUserEvents, UserReader, type UserEventsDeps } from './user-reader.ts'

export interface EventsDeps extends UserEventsDeps {
  streams: Streams
  channels: Channels
}

/** The streams of R12. Refusals come before the stream begins. */
export const eventsHandlers = ({ streams, channels, ...deps }: EventsDeps): Handlers<typeof eventsOperations> => ({
  meetingEvents: ({ params, headers, principal }) =>
    inPlace(streams.placeOrThrow(principal), async (place) => {
      const { userId } = principal
      const channel = await channels.open(params.id, userId)
      const at = readCursor(headers['last-event-id'])
      if (at !== null && channel.endsAt(at)) {
        place.release()
        return { status: 204 as const }
      }
      const stream = begin(place, (sink) => {
        const reader = new MeetingReader(channel, { userId, sink, at })
        channel.readers.add(reader)
        return { advance: () => reader.advance(), close: () => void channel.readers.delete(reader) }
      })
      return { status: 200 as const, stream }
    }),

  userEvents: ({ headers, principal }) =>
    inPlace(streams.placeOrThrow(principal), async (place) => {
      const { userId } = principal
      const after = headers['last-event-id'] ?? null
      const first = { ...(await readUserEvents(deps.bus, userId, after)), after }
      const stream = begin(place, (sink) => new UserReader(deps, { userId, sink, first }))
      return { status: 200 as const, stream }
    }),
})

const begin =
  (place: StreamSlot, feed: (sink: EventSink) => Feed): WriteStream =>
  (response) =>
    place.begin(response, feed)

/** A refused stream takes no place. */
async function inPlace<T>(place: StreamSlot, open: (place: StreamSlot) => Promise<T>): Promise<T> {
  try {
    return await open(place)
  } catch (error) {
    place.release()
    throw error
  }
}
