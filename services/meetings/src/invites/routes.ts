import type { invitesOperations } from '@parley/contracts'
import type { Call, Handlers } from '@parley/kit'
import type { Context } from '../context.ts'
import { pageOf, readCursor } from '../cursor.ts'
import { publicBase } from '../links.ts'
import { moderatedMeeting } from '../moderated.ts'
import { answerInvite } from './answer.ts'
import { createInvite } from './create.ts'
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
  const { db, config } = context
  const limit = createInviteLimit(context.kv)
  return {
    async createInvite({ params, body, principal }) {
      const { invite, made } = await createInvite(context, limit, { meetingId: params.id, body, principal })
      return { status: made ? 201 : 200, body: toInvite(invite) }
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
      const base = publicBase(config.PUBLIC_URL, request)
      const { items, nextCursor } = pageOf(rows, limit, { item: (row) => row, place })
      const shown = items.flatMap((row) => {
        const meeting = meetings.get(row.meeting_id)
        return meeting === undefined ? [] : [toReceived(row, meeting, base)]
      })
      return { status: 200, body: { items: shown, nextCursor } }
    },
    openInvite: (call) => answered(context, null, call),
    acceptInvite: (call) => answered(context, 'accepted', call),
    declineInvite: (call) => answered(context, 'declined', call),
    async revokeInvite({ params, principal }) {
      return { status: 200, body: toInvite(await revokeInvite(context, params.inviteId, principal.userId)) }
    },
  } satisfies Handlers<typeof invitesOperations>
}

type Answering = Call<typeof invitesOperations.acceptInvite>

async function answered(
  context: Context,
  status: 'accepted' | 'declined' | null,
  { params: { inviteId }, body: { token }, principal, request }: Answering,
) {
  const { invite, meeting } = await answerInvite(context, { inviteId, status, token, principal })
  return { status: 200 as const, body: toReceived(invite, meeting, publicBase(context.config.PUBLIC_URL, request)) }
}
