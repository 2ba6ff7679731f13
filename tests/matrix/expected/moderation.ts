import type { moderationOperations } from '@parley/contracts'
import type { Part } from '../row.ts'
import type { Scene } from '../scene.ts'
import { anon, hidden, no, waits, unknownId } from './words.ts'

const byId = ({ world }: Scene) => ({ params: { id: world.meeting.id } })
const kicks = (who: 'host' | 'cohost' | 'participant' | 'guestInside', ban?: boolean) => (scene: Scene) => ({
  ...byId(scene),
  body: { userId: scene.people[who].id, ...(ban !== undefined && { ban }) },
})

/** M9, M10. Columns: host, cohost, participant, exParticipant, invited, stranger, guest, guestInside, nobody. */
export const moderation: Part<keyof typeof moderationOperations> = {
  createJoinToken: [
    {
      as: [201, 201, no, no, no, hidden, hidden, no, anon],
      on: waits,
      request: (scene) => ({ ...byId(scene), body: { role: 'participant' } }),
    },
    {
      about: 'that makes cohosts',
      as: [201, no, no, no, no, hidden, hidden, no, anon],
      on: waits,
      request: (scene) => ({ ...byId(scene), body: { role: 'cohost' } }),
    },
  ],
  listJoinTokens: [
    {
      as: [200, 200, no, no, no, hidden, hidden, no, anon],
      on: waits,
      request: (scene) => ({ ...byId(scene), query: {} }),
      holds: (body) => (JSON.stringify(body).includes('joinToken') ? 'the tokens themselves are shown' : null),
    },
  ],
  revokeJoinToken: [
    {
      as: [204, 204, no, no, no, hidden, hidden, no, anon],
      on: waits,
      changes: 'meeting',
      request: ({ world }) => ({ params: { id: world.meeting.id, tokenId: world.tokenId } }),
    },
  ],
  leave: [
    {
      as: [204, 204, 204, 204, 204, hidden, hidden, 204, anon],
      on: { lobby: { guest: 204 } },
      changes: 'caller',
      request: (scene) => ({ ...byId(scene), body: {} }),
    },
  ],
  goodbye: [
    {
      as: [202, 202, 202, 202, 202, 202, 202, 202, anon],
      // Whose it is, and whether it is gone, the room judges: nobody who is there leaves by it.
      request: (scene) => ({ ...byId(scene), body: { participantId: unknownId } }),
    },
  ],
  kick: [
    {
      about: 'a participant',
      as: [204, 204, no, no, no, hidden, hidden, no, anon],
      on: waits,
      changes: 'meeting',
      request: kicks('participant'),
    },
    {
      about: 'a guest, for good',
      as: [204, 204, no, no, no, hidden, hidden, no, anon],
      on: waits,
      changes: 'meeting',
      request: kicks('guestInside', true),
    },
    {
      about: 'the cohost',
      as: [204, no, no, no, no, hidden, hidden, no, anon],
      on: waits,
      changes: 'meeting',
      request: kicks('cohost'),
    },
    {
      about: 'the host',
      as: [no, no, no, no, no, hidden, hidden, no, anon],
      on: waits,
      request: kicks('host'),
    },
  ],
  listBans: [
    {
      as: [200, 200, no, no, no, hidden, hidden, no, anon],
      on: waits,
      request: (scene) => ({ ...byId(scene), query: {} }),
    },
  ],
  unban: [
    {
      as: [204, 204, no, no, no, hidden, hidden, no, anon],
      on: waits,
      where: ['lobby'],
      changes: 'meeting',
      request: async ({ world, people, persona }) => {
        // Only where it is to succeed: everybody else is refused before it matters who is banned.
        const userId = people.exParticipant.id
        if (persona === 'host' || persona === 'cohost') await world.asHost('POST', '/kick', { userId, ban: true })
        return { params: { id: world.meeting.id, userId } }
      },
    },
  ],
  passcodeGuesses: [{ as: [200, 200, no, no, no, hidden, hidden, no, anon], on: waits, request: byId }],
  liftPasscodeLock: [
    {
      as: [204, 204, no, no, no, hidden, hidden, no, anon],
      on: waits,
      request: byId,
    },
  ],
  setRole: [
    {
      as: [200, no, no, no, no, hidden, no, no, anon],
      changes: 'meeting',
      request: ({ world, people }) => ({
        params: { id: world.meeting.id, userId: people.participant.id },
        body: { role: 'cohost' },
      }),
    },
    {
      about: 'of themselves',
      as: [no, no, no, no, no, hidden, no, no, anon],
      request: ({ world, people, me }) => ({
        params: { id: world.meeting.id, userId: (me ?? people.participant).id },
        body: { role: 'cohost' },
      }),
    },
  ],
  handOver: [
    {
      as: [200, no, no, no, no, hidden, no, no, anon],
      changes: 'meeting',
      request: (scene) => ({ ...byId(scene), body: { userId: scene.people.participant.id } }),
    },
  ],
}
