import type {
  chatOperations,
  eventsOperations,
  sfuOperations,
  signalingOperations,
  statsOperations,
} from '@parley/contracts'
import { randomUUID } from 'node:crypto'
import { rest } from '../../support/people.ts'
import type { MatrixUser } from '../users.ts'
import type { Part } from '../row.ts'
import type { Scene } from '../scene.ts'
import { anon, hidden, no } from './words.ts'

const byId = ({ world }: Scene) => ({ params: { id: world.meeting.id } })

/** M13, M16. Columns: host, cohost, participant, exParticipant, invited, stranger, guest, guestInside, nobody. */
export const stats: Part<keyof typeof statsOperations> = {
  meetingStats: [{ as: [200, 200, no, no, no, hidden, no, no, anon], request: byId }],
  attendanceCsv: [{ as: [200, 200, no, no, no, hidden, no, no, anon], request: byId }],
  meetingCalendar: [
    {
      as: [200, 200, 200, 200, 200, hidden, hidden, 200, anon],
      on: { public: { stranger: 200, guest: 200 }, lobby: { guest: 'not-admitted' } },
      request: byId,
    },
  ],
}

/** A message of somebody; of the host's where that person may not write. */
async function saidBy({ url, world, people }: Scene, who: MatrixUser | null) {
  const path = `${url}/v1/meetings/${world.meeting.id}/messages`
  const post = (as: MatrixUser) =>
    rest('POST', path, { token: as.token, body: { clientMessageId: randomUUID(), text: 'hello' } })
  const said = await post(who ?? people.host)
  const { body } = said.status === 201 ? said : await post(people.host)
  return { params: { id: world.meeting.id, messageId: String(body['id']) } }
}

/** C1, C2, C3: for those who are or were inside; also who waits or is only invited learns nothing. Columns as above. */
export const chat: Part<keyof typeof chatOperations> = {
  sendMessage: [
    {
      as: [201, 201, 201, 201, hidden, hidden, hidden, 201, anon],
      changes: 'caller',
      request: (scene) => ({ ...byId(scene), body: { clientMessageId: randomUUID(), text: 'hello' } }),
    },
  ],
  editMessage: [
    {
      about: 'of one’s own',
      as: [200, 200, 200, 200, hidden, hidden, hidden, 200, anon],
      changes: 'caller',
      request: async (scene) => ({ ...(await saidBy(scene, scene.me)), body: { text: 'better' } }),
    },
    {
      about: 'of the host',
      as: [200, no, no, no, hidden, hidden, hidden, no, anon],
      changes: 'caller',
      request: async (scene) => ({ ...(await saidBy(scene, scene.people.host)), body: { text: 'better' } }),
    },
  ],
  deleteMessage: [
    {
      about: 'of one’s own',
      as: [204, 204, 204, 204, hidden, hidden, hidden, 204, anon],
      changes: 'caller',
      request: (scene) => saidBy(scene, scene.me),
    },
    {
      about: 'of a participant',
      as: [204, 204, 204, no, hidden, hidden, hidden, no, anon],
      changes: 'caller',
      request: (scene) => saidBy(scene, scene.people.participant),
    },
  ],
  listMessages: [
    {
      as: [200, 200, 200, 200, hidden, hidden, hidden, 200, anon],
      request: (scene) => ({ ...byId(scene), query: {} }),
    },
  ],
}

/** R12: what happens in a meeting for those who may read its chat, what happens to an account for accounts. Columns as above. */
export const events: Part<keyof typeof eventsOperations> = {
  meetingEvents: [
    {
      as: [200, 200, 200, 200, hidden, hidden, hidden, 200, anon],
      request: (scene) => ({ ...byId(scene), headers: {} }),
    },
  ],
  userEvents: [
    {
      as: [200, 200, 200, 200, 200, 200, no, no, anon],
      where: ['private'],
      request: () => ({ headers: {} }),
    },
  ],
}

/** R11. Columns as above. */
export const signaling: Part<keyof typeof signalingOperations> = {
  iceServers: [{ as: [200, 200, 200, 200, 200, 200, 200, 200, anon], where: ['private'], request: () => ({}) }],
}

/** V2: only for who is in the room now; these meetings are meshes. Columns as above. */
export const sfu: Part<keyof typeof sfuOperations> = {
  janusToken: [
    {
      as: ['not-sfu', 'not-sfu', 'not-sfu', no, no, no, no, 'not-sfu', anon],
      request: byId,
    },
  ],
}
