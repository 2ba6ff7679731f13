import { ParleyError } from '@parley/client'
import type { Attendee } from './attendee.ts'
import type { Meeting } from './crowd.ts'
import { RawClient } from './raw-client.ts'

/** The result of an intruder's return. */
export interface Intrusion {
  what: 'resumed' | 'joined' | 'acted'
  /** Which node let it happen. */
  node: string
}

/**
 * Somebody who was sent away does what the SDK would not: takes the session up again on each node, and asks to join anew.
 * Resolves to what succeeded.
 */
export async function intrude(attendee: Attendee, meeting: Meeting, doors: Doors): Promise<Intrusion[]> {
  const all: Intrusion[] = []
  for (const [node, hint] of doors.hints) {
    const door = { gateway: doors.gateway, node, hint }
    const { session } = attendee.sockets
    if (session !== null)
      all.push(...(await enter(attendee, door, { type: 'room.resume', payload: { ...session, v: 0 } })))
    const roomToken = await roomTokenFor(attendee, meeting)
    const device = { mic: true, cam: true }
    if (roomToken !== null)
      all.push(...(await enter(attendee, door, { type: 'room.join', payload: { roomToken, device } })))
  }
  return all
}

/** The way in to each node, by its URL: a gateway, and the hint that leads to the node. */
interface Doors {
  gateway: string
  hints: ReadonlyMap<string, string>
}

interface Entrance {
  type: 'room.resume' | 'room.join'
  payload: unknown
}

async function enter(
  attendee: Attendee,
  { gateway, node, hint }: { gateway: string; node: string; hint: string },
  { type, payload }: Entrance,
): Promise<Intrusion[]> {
  const raw = await RawClient.open(gateway, await attendee.parley.accessToken(), hint).catch(() => null)
  if (raw === null) return []
  try {
    const answer = await raw.request(type, payload).catch(() => null)
    if (answer?.type !== 'room.resumed' && answer?.type !== 'room.joined') return []
    const acted = await raw.request('hand.raise', {}).catch(() => null)
    const came: Intrusion = { what: type === 'room.resume' ? 'resumed' : 'joined', node }
    return acted?.type === 'ack' ? [came, { what: 'acted', node }] : [came]
  } finally {
    raw.socket.terminate()
  }
}

/** Null when that is refused. */
const roomTokenFor = ({ parley }: Attendee, { code }: Meeting): Promise<string | null> =>
  parley.rest.join({ body: { code } }).then(
    ({ roomToken }) => roomToken,
    (error: unknown) => {
      if (error instanceof ParleyError) return null
      throw error
    },
  )
