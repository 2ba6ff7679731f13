import { exportBatch, exportSlice, type ExportSection } from '@parley/kit'
import { toInvite } from '../invites/invite.ts'
import { roomBase, type Context } from '../context.ts'
import { toAttendance, toMeeting } from '../meeting.ts'
import { knownStays } from '../store/attendance.ts'
import { boxOf } from '../user-events/box.ts'
import { listUserEvents } from '../user-events/store.ts'
import { eventIdOf } from '../webhooks/from-log.ts'
import { toWebhook } from '../webhooks/webhook.ts'

type ExportInput = Parameters<typeof exportSlice>[1]

/** The data of a person in this service, a page at a time. */
export const exportUser = (context: Context, asked: ExportInput) => exportSlice(sectionsOf(context), asked)

const first = '00000000-0000-0000-0000-000000000000'
const from = (after: string): string => (after === '' ? first : after)
const paged = <R extends { id: string }>(rows: readonly R[], shown: (row: R) => unknown) => ({
  items: rows.map(shown),
  after: rows.length === exportBatch ? (rows.at(-1)?.id ?? null) : null,
})

const sectionsOf = (context: Context): ExportSection[] => [
  {
    section: 'meetingsHosted',
    async read({ userId }, after) {
      const rows = await context.db
        .selectFrom('meetings')
        .selectAll()
        .where('host_id', '=', userId)
        .where('id', '>', from(after))
        .orderBy('id')
        .limit(exportBatch)
        .execute()
      return paged(rows, (row) => toMeeting(row, roomBase(context, row)))
    },
  },
  {
    section: 'attendance',
    async read({ userId }, after) {
      const rows = await knownStays(context.db)
        .where('user_id', '=', userId)
        .where('id', '>', from(after))
        .orderBy('id')
        .limit(exportBatch)
        .execute()
      return paged(rows, (row) => ({ meetingId: row.meeting_id, ...toAttendance(row) }))
    },
  },
  {
    section: 'invitesReceived',
    async read({ userId, email }, after) {
      const mine = context.db
        .selectFrom('invites')
        .selectAll()
        .where('id', '>', from(after))
        .orderBy('id')
        .limit(exportBatch)
        .where((eb) =>
          eb.or([
            eb('claimed_by', '=', userId),
            eb('user_id', '=', userId),
            ...(email === null ? [] : [eb('email', '=', email)]),
          ]),
        )
      return paged(await mine.execute(), toInvite)
    },
  },
  {
    section: 'invitesSent',
    async read({ userId }, after) {
      return paged(
        await context.db
          .selectFrom('invites')
          .selectAll()
          .where('invited_by', '=', userId)
          .where('id', '>', from(after))
          .orderBy('id')
          .limit(exportBatch)
          .execute(),
        toInvite,
      )
    },
  },
  {
    section: 'events',
    async read({ userId }, after) {
      const rows = await listUserEvents(context.db, boxOf({ userId }), Number(after), exportBatch)
      const items = rows.map((row) => ({
        id: eventIdOf(row),
        type: row.type,
        at: row.created_at.toISOString(),
        data: row.data,
      }))
      return { items, after: rows.length === exportBatch ? String(rows.at(-1)?.seq ?? '') : null }
    },
  },
  {
    section: 'webhooks',
    async read({ userId }, after) {
      return paged(
        await context.db
          .selectFrom('webhooks')
          .selectAll()
          .where('user_id', '=', userId)
          .where('id', '>', from(after))
          .orderBy('id')
          .limit(exportBatch)
          .execute(),
        toWebhook,
      )
    },
  },
]
