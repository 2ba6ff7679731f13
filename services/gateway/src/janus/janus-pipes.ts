import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { mediaBus, signalingBus, type RoomChange, type CloseReason, type JanusPlace } from '@parley/contracts'
import {
  request,
  createPoller,
  subscribe,
  ProblemError,
  type Bus,
  type BusSubscription,
  type Logger,
} from '@parley/kit'
import type { JanusPipe } from './janus-pipe.ts'

/** A place that somebody is about to take: followed from before it is granted on. */
export interface Arrival {
  /** The pipe is there. False: the place has ended meanwhile. */
  open(pipe: JanusPipe): boolean
  giveUp(): void
}

/** The pipes to Janus of this gateway, which end with the places they are for. */
export interface JanusPipes {
  /** @throws ProblemError `rate-limited`, `unavailable` */
  expect(place: JanusPlace): Promise<Arrival>
  count(): number
  start(): void
  /** Closes all, spread over `overMs`. */
  drain(overMs: number): Promise<void>
  stop(): void
}

interface PipeEntry {
  place: JanusPlace
  pipe: JanusPipe | null
  over: boolean
}
interface Meeting {
  entries: Set<PipeEntry>
  subscription: BusSubscription
}

/** News on the bus end a pipe at once; this finds what got lost. */
const pollMs = 3_000
const chunk = 500
const maxPerUser = 12

export function createJanusPipes({ bus, log, total }: { bus: Bus; log: Logger; total: number }): JanusPipes {
  const meetings = new Map<string, Meeting>()
  const all = function* (): Generator<PipeEntry> {
    for (const { entries } of meetings.values()) yield* entries
  }
  let count = 0

  function remove(entry: PipeEntry): void {
    const { meetingId } = entry.place
    const meeting = meetings.get(meetingId)
    if (meeting?.entries.delete(entry) !== true) return
    count -= 1
    if (meeting.entries.size > 0) return
    meeting.subscription.unsubscribe()
    meetings.delete(meetingId)
  }
  function end(entry: PipeEntry, reason: CloseReason): void {
    entry.over = true
    void entry.pipe?.end(reason)
  }
  function hear(meetingId: string, changes: readonly RoomChange[]): void {
    for (const change of changes)
      for (const entry of meetings.get(meetingId)?.entries ?? []) {
        const reason = endedBy(change, entry.place)
        if (reason !== null) end(entry, reason)
      }
  }
  function meetingOf(meetingId: string): Meeting {
    const known = meetings.get(meetingId)
    if (known !== undefined) return known
    const onNews = subscribe(
      bus,
      signalingBus.room,
      { meetingId },
      (news) => {
        if (news.kind === 'commit') hear(meetingId, news.changes)
      },
      log,
    )
    const made = { entries: new Set<PipeEntry>(), subscription: onNews }
    meetings.set(meetingId, made)
    return made
  }
  async function lookAt(entries: readonly PipeEntry[]): Promise<void> {
    const places = entries.map(({ place }) => place)
    const { ended, bitrates = [] } = await request(bus, mediaBus.janusEnded, { places })
    for (const [index, bitrate] of bitrates.entries()) if (bitrate > 0) entries[index]?.pipe?.limitBitrate(bitrate)
    for (const index of ended) {
      const entry = entries[index]
      if (entry !== undefined && !entry.over) end(entry, 'removed')
    }
  }
  const poller = createPoller(async () => {
    const open = [...all()].filter(({ over, pipe }) => !over && pipe !== null)
    for (let at = 0; at < open.length; at += chunk)
      // Nothing ends because nobody can say whether it should.
      await lookAt(open.slice(at, at + chunk)).catch((err: unknown) =>
        log.debug({ err }, 'it is not known which places at Janus have ended'),
      )
  }, pollMs)
  return {
    async expect(place) {
      if (count >= total) throw new ProblemError('unavailable', 'This gateway has no room for another socket')
      if ([...all()].filter((entry) => entry.place.userId === place.userId).length >= maxPerUser)
        throw new ProblemError('rate-limited', 'You have too many connections to Janus', { retryAfterMs: pollMs })
      const entry: PipeEntry = { place, pipe: null, over: false }
      const meeting = meetingOf(place.meetingId)
      meeting.entries.add(entry)
      count += 1
      await meeting.subscription
        .ready()
        .catch((err: unknown) => log.debug({ err }, 'the ends of places at Janus come by polling'))
      return {
        giveUp: () => remove(entry),
        open(pipe) {
          if (entry.over) return false
          entry.pipe = pipe
          void pipe.ended.then(() => remove(entry))
          return true
        },
      }
    },
    count: () => count,
    start: () => void poller.start(),
    async drain(overMs) {
      const pipes = [...all()].flatMap(({ pipe }) => pipe ?? [])
      await Promise.all(
        pipes.map(async (pipe) => {
          await sleep(randomInt(Math.max(1, overMs)))
          pipe.leave()
        }),
      )
    },
    stop: () => poller.stop(),
  }
}

/** Why a change of the room ends a place, if it does. */
function endedBy(change: RoomChange, { participantId }: JanusPlace): CloseReason | null {
  if (change.kind === 'ended') return 'meetingEnded'
  if (change.kind !== 'left' || change.participantId !== participantId) return null
  return change.reason === 'kicked' ? 'removed' : 'goingAway'
}
