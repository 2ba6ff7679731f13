import { createLogger, createMemoryKv, newId, systemClock, type Kv } from '@parley/kit'
import { LiveRoom } from '../room/live-room.ts'
import { StoreLife } from '../room/store-life.ts'

const log = createLogger({ service: 'test', level: 'silent' })

/** A room on a node of its own, on a store that others may share; what it tells other nodes is kept. */
export function aLiveRoom(
  meetingId = newId(),
  { kv = createMemoryKv({ log }), node = 'n1' }: { kv?: Kv; node?: string } = {},
) {
  const told: unknown[] = []
  const room = new LiveRoom(meetingId, {
    node,
    kv,
    clock: systemClock,
    life: new StoreLife({ kv, clock: systemClock }),
    log,
    publish: (news) => void told.push(news),
    onDelivered: () => {},
    onChanges: () => {},
  })
  return { room, kv, told }
}

/** A seat as somebody who joins gets it. */
export const aSeat = (id: string, { node = 'n1', asOf }: { node?: string; asOf?: number } = {}) => ({
  participant: {
    id,
    userId: `u-${id}`,
    name: id,
    role: 'participant' as const,
    guest: false,
    mic: true,
    cam: true,
    screen: false,
    hand: null,
    connection: 'connected' as const,
    joinedAt: '2026-01-01T00:00:00.000Z',
  },
  node,
  sessionId: `s-${id}`,
  resumeHash: `h-${id}`,
  lostAt: null,
  ...(asOf !== undefined && { asOf }),
})
