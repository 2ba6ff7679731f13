import type { lobbyOperations } from '@parley/contracts'
import type { Part } from '../row.ts'
import type { Scene } from '../scene.ts'
import { anon, hidden, no, unknownId, waits } from './words.ts'

const byId = ({ world }: Scene) => ({ params: { id: world.meeting.id } })
const theOneWhoWaits = (scene: Scene) => ({
  ...byId(scene),
  body: { participantId: scene.world.waitingId ?? unknownId },
})
const countsOne = (body: unknown) => ((body as { count: number }).count === 1 ? null : `counts ${JSON.stringify(body)}`)
const where = ['lobby'] as const

/** M14, M15. Columns: host, cohost, participant, exParticipant, invited, stranger, guest, guestInside, nobody. */
export const lobby: Part<keyof typeof lobbyOperations> = {
  codeAccess: [
    {
      as: [200, 200, 200, 200, 200, 200, 200, 200, anon],
      request: ({ world }) => ({ params: { code: world.meeting.code } }),
      holds: (body, { persona, world }) => {
        const { reason, meeting } = body as { reason: string | null; meeting?: unknown }
        const outside = persona === 'stranger' || persona === 'guest'
        const unknown = outside && world.meeting.type === 'invited_only'
        if (unknown) return reason === 'not-found' && meeting === undefined ? null : `says ${reason}`
        const door = world.waitingId !== null && (outside || persona === 'invited') ? 'waiting-room' : null
        return reason === door ? null : `says ${reason} instead of ${door}`
      },
    },
  ],
  codeDoor: [
    {
      as: [200, 200, 200, 200, 200, 200, 200, 200, 200],
      request: ({ world }) => ({ params: { code: world.meeting.code } }),
      holds: (body, { world }) => {
        const { reason, meeting } = body as { reason: string | null; meeting?: unknown }
        if (world.meeting.type === 'invited_only')
          return reason === 'not-found' && meeting === undefined ? null : `says ${reason}`
        const door = world.waitingId === null ? null : 'waiting-room'
        return reason === door ? null : `says ${reason} instead of ${door}`
      },
    },
  ],
  lobby: [
    {
      as: [200, 200, no, no, no, hidden, hidden, no, anon],
      on: waits,
      request: byId,
      holds: (body, { world }) => {
        const { items } = body as { items: unknown[] }
        return items.length === (world.waitingId === null ? 0 : 1) ? null : `${items.length} wait`
      },
    },
  ],
  admit: [
    {
      as: [200, 200, no, no, no, hidden, no, no, anon],
      where,
      changes: 'meeting',
      request: theOneWhoWaits,
      holds: countsOne,
    },
    {
      about: 'somebody who does not wait',
      as: [hidden, hidden, no, no, no, hidden, hidden, no, anon],
      on: waits,
      request: (scene) => ({ ...byId(scene), body: { participantId: unknownId } }),
    },
  ],
  reject: [
    {
      as: [200, 200, no, no, no, hidden, no, no, anon],
      where,
      changes: 'meeting',
      request: theOneWhoWaits,
      holds: countsOne,
    },
  ],
  admitAll: [
    {
      as: [200, 200, no, no, no, hidden, no, no, anon],
      where,
      changes: 'meeting',
      request: (scene) => ({ ...byId(scene), body: {} }),
      holds: countsOne,
    },
  ],
}
