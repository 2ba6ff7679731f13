import type { meetingsOperations, ParticipantEntry } from '@parley/contracts'
import type { Part } from '../row.ts'
import type { Scene } from '../scene.ts'
import { anon, hidden, no, unknownToken } from './words.ts'

const byId = ({ world }: Scene) => ({ params: { id: world.meeting.id } })
const byCode = ({ world }: Scene) => ({ params: { code: world.meeting.code } })
const lists = (body: unknown, { meeting }: Scene['world']) =>
  (body as { items: { id: string }[] }).items.some(({ id }) => id === meeting.id)
const rosterOf = (body: unknown) => (body as { participants: unknown[] }).participants.length

const scheduledAt = new Date(Date.now() + 86_400_000).toISOString()

/** The view of anybody with the code, except of a meeting for the invited. */
const codeOnly = { invited_only: { stranger: hidden, guest: hidden } } as const
/** A public one is for everybody; who waits in the lobby knows the meeting. */
const seenBy = { public: { stranger: 200, guest: 200 }, lobby: { guest: 200 } } as const

/** M1–M8, M11. Columns: host, cohost, participant, exParticipant, invited, stranger, guest, guestInside, nobody. */
export const meetings: Part<keyof typeof meetingsOperations> = {
  createMeeting: [
    {
      as: [201, 201, 201, 201, 201, 201, no, no, anon],
      where: ['private'],
      request: () => ({ headers: {}, body: { title: 'Another' } }),
    },
  ],
  listMeetings: [
    {
      as: [200, 200, 200, 200, 200, 200, no, no, anon],
      request: () => ({ query: {} }),
      holds: (body, { world, persona }) => {
        const listed = lists(body, world)
        if (listed === (persona !== 'stranger')) return null
        return listed ? 'a meeting of others is in it' : 'this meeting is not in it'
      },
    },
    {
      about: 'public and live',
      as: [200, 200, 200, 200, 200, 200, no, no, anon],
      request: () => ({ query: { scope: 'active' } }),
      holds: (body, { world }) => {
        const listed = lists(body, world)
        if (listed === (world.meeting.type === 'public')) return null
        return listed ? 'one that is not public is in it' : 'this meeting is not in it'
      },
    },
  ],
  getMeeting: [
    {
      as: [200, 200, 200, 200, 200, hidden, hidden, 200, anon],
      on: seenBy,
      request: byId,
      holds: (body, { persona, world }) => {
        const outside = world.waitingId !== null && (persona === 'guest' || persona === 'invited')
        return rosterOf(body) === (outside ? 0 : 4) ? null : `${rosterOf(body)} participants`
      },
    },
  ],
  getMeetingByCode: [{ as: [200, 200, 200, 200, 200, 200, 200, 200, anon], on: codeOnly, request: byCode }],
  resolveCode: [
    {
      as: [200, 200, 200, 200, 200, 200, 200, 200, anon],
      on: codeOnly,
      request: ({ world }) => ({ body: { code: world.meeting.code } }),
    },
  ],
  updateMeeting: [
    {
      as: [200, no, no, no, no, hidden, no, no, anon],
      changes: 'meeting',
      request: (scene) => ({ ...byId(scene), headers: {}, body: { title: 'Renamed' } }),
    },
  ],
  scheduleMeeting: [
    {
      as: [200, no, no, no, no, hidden, no, no, anon],
      changes: 'meeting',
      request: (scene) => ({
        ...byId(scene),
        headers: { 'if-match': `"${scene.world.meeting.version}"` },
        body: { scheduledAt },
      }),
    },
    {
      about: 'without If-Match',
      as: ['precondition-required', no, no, no, no, hidden, no, no, anon],
      request: (scene) => ({ ...byId(scene), headers: {}, body: { scheduledAt } }),
    },
  ],
  cancelMeeting: [
    {
      as: [200, no, no, no, no, hidden, no, no, anon],
      changes: 'meeting',
      request: (scene) => ({ ...byId(scene), body: {} }),
    },
  ],
  deleteMeeting: [{ as: [204, no, no, no, no, hidden, no, no, anon], changes: 'meeting', request: byId }],
  endMeeting: [
    {
      as: [200, no, no, no, no, hidden, no, no, anon],
      changes: 'meeting',
      request: (scene) => ({ ...byId(scene), body: {} }),
    },
  ],
  join: [
    {
      about: 'by code',
      as: [200, 200, 200, 200, 200, 200, 200, 200, anon],
      on: codeOnly,
      changes: 'caller',
      request: ({ world }) => ({ body: { code: world.meeting.code } }),
    },
    {
      about: 'by a join token',
      as: [200, 200, 200, 200, 200, 200, 200, 200, anon],
      changes: 'caller',
      request: ({ world }) => ({ body: { joinToken: world.joinToken } }),
    },
    {
      about: 'by a token of nobody',
      as: [
        'join-token-invalid',
        'join-token-invalid',
        'join-token-invalid',
        'join-token-invalid',
        'join-token-invalid',
        'join-token-invalid',
        'join-token-invalid',
        'join-token-invalid',
        anon,
      ],
      request: () => ({ body: { joinToken: unknownToken } }),
    },
  ],
  roomToken: [
    {
      as: [200, 200, 200, 200, 200, hidden, hidden, 200, anon],
      on: seenBy,
      changes: 'caller',
      request: (scene) => ({ ...byId(scene), body: {} }),
    },
  ],
  participants: [
    {
      as: [200, 200, 200, 200, 200, hidden, hidden, 200, anon],
      on: { public: { stranger: 200, guest: 200 }, lobby: { guest: 'not-admitted', invited: 'not-admitted' } },
      request: (scene) => ({ ...byId(scene), query: {} }),
      holds: (body, { people }) => {
        for (const { userId, guest, leftAt, live } of (body as { items: ParticipantEntry[] }).items) {
          if (guest !== (userId === people.guestInside.id)) return `${userId} is shown with guest: ${guest}`
          if (leftAt !== null && live !== null) return `${userId}, who left, is shown as in the room`
        }
        return null
      },
    },
  ],
}
