import type { invitesOperations } from '@parley/contracts'
import type { Call, Handlers } from '@parley/kit'
import { baseOf, type Context } from '../context.ts'
import { pageOf, readCursor } from '../cursor.ts'
import { moderatedMeeting } from '../moderated.ts'
import { answerInvite, type Answered } from './answer.ts'
import { createInvite, type Invited } from './create.ts'
import { createInviteLimit } from './limit.ts'
import { toInvite, toReceived } from './invite.ts'
import { claimByAddress } from './invited.ts'
import { revokeInvite } from './revoke.ts'
import { findMeetings, listInvites, listReceived } from './store.ts'
import type { InviteRow } from './tables.ts'

const defaultLimit = 50
const place = ({ created_at, id }: InviteRow) => ({ at: created_at, id })

/** The REST operations of invites (M12). */
export function createInviteRoutes(context: Context) {
  const { db } = context
  const inviteLimit = createInviteLimit(context.kv)
  return {
    async createInvite({ params, body, principal, once }) {
      const inviting = { meetingId: params.id, body, principal, once: once(invited) }
      return invited(await createInvite(context, inviteLimit, inviting))
    },
    async listInvites({ params, query, principal }) {
      const { limit = defaultLimit, cursor, status } = query
      const { id: meetingId } = await moderatedMeeting(context, params.id, principal.userId)
      const rows = await listInvites(db, { meetingId, status }, { after: readCursor(cursor), limit: limit + 1 })
      return { status: 200, body: pageOf(rows, limit, { item: toInvite, place }) }
    },
    async myInvites({ query, principal, request }) {
      const { limit = defaultLimit, cursor, status } = query
      const after = readCursor(cursor)
      await claimByAddress(context, principal.userId)
      const rows = await listReceived(db, { userId: principal.userId, status }, { after, limit: limit + 1 })
      const meetings = await findMeetings(
        db,
        rows.map(({ meeting_id: id }) => id),
      )
      const base = baseOf(context, request)
      const { items, nextCursor } = pageOf(rows, limit, { item: (row) => row, place })
      const shown = items.flatMap((row) => {
        const meeting = meetings.get(row.meeting_id)
        return meeting === undefined ? [] : [toReceived(row, meeting, base)]
      })
      return { status: 200, body: { items: shown, nextCursor } }
    },
    async openInvite({ params: { inviteId }, body: { token }, principal, request }) {
      const { invite, meeting } = await answerInvite(context, { inviteId, status: null, token, principal })
      return { status: 200, body: toReceived(invite, meeting, baseOf(context, request)) }
    },
    acceptInvite: (call) => answered(context, 'accepted', call),
    declineInvite: (call) => answered(context, 'declined', call),
    async revokeInvite({ params, principal }) {
      return { status: 200, body: toInvite(await revokeInvite(context, params.inviteId, principal.userId)) }
    },
  } satisfies Handlers<typeof invitesOperations>
}

const invited = ({ invite, made }: Invited) => ({ status: made ? 201 : 200, body: toInvite(invite) }) as const

type Answering = Call<typeof invitesOperations.acceptInvite>

async function answered(
  context: Context,
  status: 'accepted' | 'declined',
  { params: { inviteId }, body: { token }, principal, request, once }: Answering,
) {
  const base = baseOf(context, request)
  const shown = ({ invite, meeting }: Answered) => ({ status: 200, body: toReceived(invite, meeting, base) }) as const
  return shown(await answerInvite(context, { inviteId, status, token, principal }, once(shown)))
}
