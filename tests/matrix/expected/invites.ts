import type { invitesOperations } from '@parley/contracts'
import { anEmail } from '../../support/people.ts'
import { mailedToken } from '../mail.ts'
import type { Part } from '../row.ts'
import type { Scene } from '../scene.ts'
import { anon, hidden, no, unknownToken } from './words.ts'

const byId = ({ world }: Scene) => ({ params: { id: world.meeting.id } })
const byInvite = ({ world }: Scene) => ({ params: { inviteId: world.inviteId } })

/** Anybody who holds the mail may answer it. Each cell has a mail of its own. */
const byMail = {
  about: 'by the token of its mail',
  as: [200, 200, 200, 200, 200, 200, 200, 200, anon],
  where: ['private'],
  changes: 'caller',
  async request({ world, mailDir }: Scene) {
    const email = anEmail()
    const { id } = await world.asHost<{ id: string }>('POST', '/invites', { email })
    return { params: { inviteId: id }, body: { token: await mailedToken(mailDir, email) } }
  },
} as const

/** M12. Columns: host, cohost, participant, exParticipant, invited, stranger, guest, guestInside, nobody. */
export const invites: Part<keyof typeof invitesOperations> = {
  createInvite: [
    {
      about: 'an account',
      as: [201, 201, no, no, no, hidden, no, no, anon],
      changes: 'meeting',
      request: (scene) => ({ ...byId(scene), body: { userId: scene.people.spare.id } }),
    },
    {
      about: 'an address',
      as: [201, 201, no, no, no, hidden, no, no, anon],
      changes: 'meeting',
      request: (scene) => ({ ...byId(scene), body: { email: anEmail() } }),
    },
    {
      about: 'who is invited already',
      as: [200, 200, no, no, no, hidden, no, no, anon],
      request: (scene) => ({ ...byId(scene), body: { userId: scene.people.invited.id } }),
    },
  ],
  listInvites: [
    {
      as: [200, 200, no, no, no, hidden, no, no, anon],
      request: (scene) => ({ ...byId(scene), query: {} }),
    },
  ],
  myInvites: [
    {
      as: [200, 200, 200, 200, 200, 200, no, no, anon],
      request: () => ({ query: { limit: 100 } }),
      holds: (body, { persona, world }) => {
        const { items } = body as { items: { meetingId: string }[] }
        const mine = items.some(({ meetingId }) => meetingId === world.meeting.id)
        return mine === (persona === 'invited') ? null : mine ? 'an invite of somebody else' : 'the invite is not there'
      },
    },
  ],
  openInvite: [
    {
      as: [hidden, hidden, hidden, hidden, 200, hidden, hidden, hidden, anon],
      request: (scene) => ({ ...byInvite(scene), body: {} }),
    },
    {
      about: 'with a token of nobody',
      as: [hidden, hidden, hidden, hidden, 200, hidden, hidden, hidden, anon],
      request: (scene) => ({ ...byInvite(scene), body: { token: unknownToken } }),
    },
    byMail,
  ],
  acceptInvite: [
    {
      as: [hidden, hidden, hidden, hidden, 200, hidden, hidden, hidden, anon],
      changes: 'meeting',
      request: (scene) => ({ ...byInvite(scene), body: {} }),
    },
    byMail,
  ],
  declineInvite: [
    {
      as: [hidden, hidden, hidden, hidden, 200, hidden, hidden, hidden, anon],
      changes: 'meeting',
      request: (scene) => ({ ...byInvite(scene), body: {} }),
    },
    byMail,
  ],
  revokeInvite: [
    {
      as: [200, 200, no, no, no, hidden, no, no, anon],
      changes: 'meeting',
      request: byInvite,
    },
  ],
}
