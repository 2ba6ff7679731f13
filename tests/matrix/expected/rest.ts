import type { chatOperations, signalingOperations, statsOperations } from '@parley/contracts'
import { randomUUID } from 'node:crypto'
import type { Part } from '../row.ts'
import type { Scene } from '../scene.ts'
import { anon, hidden, inPublic, no } from './words.ts'

const byId = ({ world }: Scene) => ({ params: { id: world.meeting.id } })

/** M13, M16. Columns: host, cohost, participant, exParticipant, invited, stranger, guest, guestInside, nobody. */
export const stats: Part<keyof typeof statsOperations> = {
  meetingStats: [{ as: [200, 200, no, no, no, hidden, no, no, anon], on: inPublic, request: byId }],
  attendanceCsv: [{ as: [200, 200, no, no, no, hidden, no, no, anon], on: inPublic, request: byId }],
  meetingCalendar: [
    {
      as: [200, 200, 200, 200, 200, hidden, hidden, 200, anon],
      on: { public: { stranger: 200, guest: 200 }, lobby: { guest: 200 } },
      request: byId,
    },
  ],
}

/** C1, C2: for those who are or were inside; also who waits or is only invited learns nothing. Columns as above. */
export const chat: Part<keyof typeof chatOperations> = {
  sendMessage: [
    {
      as: [201, 201, 201, 201, hidden, hidden, hidden, 201, anon],
      changes: 'caller',
      request: (scene) => ({ ...byId(scene), body: { clientMessageId: randomUUID(), text: 'hello' } }),
    },
  ],
  listMessages: [
    {
      as: [200, 200, 200, 200, hidden, hidden, hidden, 200, anon],
      request: (scene) => ({ ...byId(scene), query: {} }),
    },
  ],
}

/** R11. Columns as above. */
export const signaling: Part<keyof typeof signalingOperations> = {
  iceServers: [{ as: [200, 200, 200, 200, 200, 200, 200, 200, anon], where: ['private'], request: () => ({}) }],
}
