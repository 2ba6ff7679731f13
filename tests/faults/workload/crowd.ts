import { createParley, type Parley } from '@parley/client'
import { password } from '../../support/people.ts'
import type { StoredMessage } from '../history/history.ts'
import type { Recorder } from '../history/recorder.ts'
import { Attendee, seenOf, type AttendeeOptions } from './attendee.ts'

export interface Meeting {
  id: string
  /** Its number in the run, from 0. */
  room: number
  code: string
  attendees: Attendee[]
}

/** The URL of the signaling node that an attendee is to be on; undefined leaves it to the gateways. Asked for each socket. */
export type NodeChoice = (room: number, client: number) => string | undefined

export interface CrowdOptions {
  /** The gateway's address for clients; with several, the attendees of a room take them in turn. */
  urls: readonly string[]
  rooms: number
  /** In each room. */
  clients: number
  recorder: Recorder
  /** The hint of an attendee instead of the meeting's; undefined leaves it to the meeting's own. */
  hint?: (room: number, client: number) => string | undefined
  place?: NodeChoice
  /** The hints that lead to nodes, by their URLs. */
  hints?: ReadonlyMap<string, string>
  /** An address of their own for each, for limits that count by address. */
  ownAddresses?: boolean
}

/** Everybody of a run, and the host who owns their meetings. */
export interface Crowd {
  /** The owner of the account. */
  readonly host: Parley
  readonly meetings: readonly Meeting[]
  /** Those who are there now. */
  readonly attendees: readonly Attendee[]
  /** One more guest, whose number in the room nobody had; rejects, and is not there, when it can't come in. */
  come(meeting: Meeting, how?: Coming): Promise<Attendee>
  /** Everything that is stored of a meeting's chat. */
  storedIn(meetingId: string): Promise<StoredMessage[]>
  close(): Promise<void>
}

interface Coming {
  /** Comes as the host, who owns the meeting. */
  asHost?: boolean
  /** Instead of the place that the number in the room has. */
  place?: () => string | undefined
}

const atOnce = 16
/** A node that has just gone from the directory may get a join; those who join are patient. */
const joinTries = 3

/** One account that owns all meetings, and guests in them: the cheapest way to many people. */
export async function gather(options: CrowdOptions): Promise<Crowd> {
  const { urls, rooms, clients, recorder } = options
  const host = createParley({ url: urls[0] ?? '', tokenDelivery: 'body' })
  const account = { email: `${crypto.randomUUID()}@example.org`, password }
  await host.signUp({ ...account, name: 'Host' })
  const meetings: Meeting[] = []
  await inParallel(
    Array.from({ length: rooms }, (_, room) => room),
    async (room) => {
      const body = { type: 'public' as const, title: `Room ${room}`, maxParticipants: Math.max(200, clients) }
      const { id, code } = await host.rest.createMeeting({ body })
      recorder.belongs(id, id)
      meetings.push({ id, room, code, attendees: [] })
    },
  )
  meetings.sort((one, other) => one.room - other.room)
  const seats = meetings.flatMap((meeting) => {
    const { room } = meeting
    return Array.from({ length: clients }, (_, seat) => ({ meeting, room, seat, index: room * clients + seat }))
  })
  await inParallel(seats, async ({ meeting, ...seat }) => {
    const attendee = seated(options, seat)
    meeting.attendees.push(attendee)
    await joinPatiently(attendee, meeting)
  })
  let index = seats.length
  return {
    host,
    meetings,
    get attendees() {
      return meetings.flatMap(({ attendees }) => attendees)
    },
    async come(meeting, { asHost = false, place } = {}) {
      const { room } = meeting
      const own = { ...(asHost && { account }), ...(place && { place }) }
      const attendee = seated(options, { room, seat: index, index }, own)
      index += 1
      try {
        await joinPatiently(attendee, meeting)
      } catch (error) {
        attendee.vanish()
        throw error
      }
      meeting.attendees.push(attendee)
      return attendee
    },
    storedIn: (meetingId) => readAll(host, meetingId),
    async close() {
      for (const { attendees } of meetings) for (const attendee of attendees) attendee.vanish()
      host.close()
    },
  }
}

function seated(
  { urls, recorder, hint, place, hints, ownAddresses = false }: CrowdOptions,
  { room, seat, index }: { room: number; seat: number; index: number },
  { place: ownPlace, ...own }: Pick<AttendeeOptions, 'account'> & Pick<Coming, 'place'> = {},
): Attendee {
  const node = (): string | undefined => (ownPlace === undefined ? place?.(room, seat) : ownPlace())
  return new Attendee({
    name: `r${room}c${seat}`,
    seat,
    url: urls[seat % urls.length] ?? '',
    recorder,
    ...(ownAddresses && { address: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}` }),
    hint: () => hints?.get(node() ?? '') ?? hint?.(room, seat),
    ...own,
  })
}

async function joinPatiently(attendee: Attendee, { code, id }: Meeting): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attendee.join(code, id)
    } catch (error) {
      if (attempt === joinTries) throw error
    }
  }
}

const pageSize = 200

async function readAll(host: Parley, meetingId: string): Promise<StoredMessage[]> {
  const all: StoredMessage[] = []
  for (;;) {
    const query = { limit: pageSize, afterSeq: all.at(-1)?.seq ?? 0 }
    const { items } = await host.rest.listMessages({ params: { id: meetingId }, query })
    all.push(...items.map(seenOf).toSorted((a, b) => a.seq - b.seq))
    if (items.length < pageSize) return all
  }
}

/** Does `act` for all, some at once; rejects with the first fault when the others have ended. */
export async function inParallel<T>(all: readonly T[], act: (one: T) => Promise<void>, most = atOnce): Promise<void> {
  const left = [...all]
  const faults: unknown[] = []
  const work = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift())
      await act(one).catch((error: unknown) => void faults.push(error))
  }
  await Promise.all(Array.from({ length: most }, work))
  if (faults.length > 0) throw faults[0]
}
