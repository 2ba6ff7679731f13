import { meetingsBus, type ClientType, type TimelineNote } from '@parley/contracts'
import {
  createBatched,
  newId,
  request,
  type Batched,
  type Bus,
  type Clock,
  type Logger,
  type Metrics,
} from '@parley/kit'

export type Timeline = Pick<Batched<TimelineNote>, 'start' | 'stop'> & {
  note(of: Omit<TimelineNote, 'id' | 'at' | 'node'>): void
}

/** The messages of clients that stand in a meeting's timeline. Comings and goings stand there by the facts of the room. */
export const isNoted = (type: ClientType): boolean =>
  type === 'room.resume' || type.startsWith('moderation.') || type.startsWith('lobby.') || type === 'meeting.end'

/** Sends what happens on this node to meetings, which keeps it; while that is away, it waits here, within bounds. */
export function createTimeline({
  bus,
  clock,
  log,
  metrics,
  node,
}: {
  bus: Bus
  clock: Clock
  log: Logger
  metrics: Metrics
  node: string
}): Timeline {
  const dropped = metrics.counter(
    'parley_signaling_timeline_dropped_total',
    'Notes of timelines that nobody took in time',
  )
  const notes = createBatched<TimelineNote>({
    what: 'timeline',
    send: (batch) => request(bus, meetingsBus.noteTimeline, { notes: [...batch] }),
    log,
    onDropped: (count) => dropped.inc({}, count),
  })
  metrics.queue('timeline', notes.waiting)
  return {
    start: () => notes.start(),
    stop: () => notes.stop(),
    note: (of) => notes.add({ id: newId(), at: new Date(clock.now()).toISOString(), node, ...of }),
  }
}
