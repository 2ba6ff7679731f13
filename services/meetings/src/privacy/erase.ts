import { privacyBus } from '@parley/contracts'
import { request, eraseSlice, isProblem, plainly, type EraseStep } from '@parley/kit'
import { cancelByHost, endByHost } from '../end.ts'
import type { Context } from '../context.ts'
import { tableSteps, toldSteps } from './store.ts'

const meetingsAtOnce = 50
const maxStays = 10_000

type ErasureInput = Parameters<typeof eraseSlice>[1]

/** Forgets a person, a part at a time; what others need of it stays, under an alias. */
export const eraseUser = (context: Context, asked: ErasureInput): Promise<{ cursor: string | null }> =>
  eraseSlice([endHosted(context), eraseAsNamed(context), ...tableSteps(context.db), ...toldSteps(context.db)], asked)

/** A meeting without its host is over; who was invited is told. */
const endHosted =
  (context: Context): EraseStep =>
  async ({ userId }) => {
    const open = await context.db
      .selectFrom('meetings')
      .select(['id', 'status'])
      .where('host_id', '=', userId)
      .where('status', 'in', ['scheduled', 'waiting', 'live'])
      .where('deleted_at', 'is', null)
      .limit(10)
      .execute()
    for (const { id, status } of open) {
      try {
        if (status === 'scheduled') await cancelByHost(context, id, userId, plainly())
        else await endByHost(context, id, userId)
      } catch (error) {
        // Somebody was faster.
        if (!isProblem(error, 'meeting-over') && !isProblem(error, 'not-found')) throw error
      }
    }
    return open.length === 10 ? '' : null
  }

/** Where their name stands in what belongs to meetings: what these said in their chats, and recordings. */
const eraseAsNamed =
  ({ db, bus }: Context): EraseStep =>
  async ({ userId, name }, after) => {
    const rows = await db
      .selectFrom('visits')
      .select('meeting_id')
      .where('user_id', '=', userId)
      .where('meeting_id', '>', after === '' ? '00000000-0000-0000-0000-000000000000' : after)
      .orderBy('meeting_id')
      .limit(meetingsAtOnce)
      .execute()
    const meetingIds = rows.map(({ meeting_id: id }) => id)
    if (meetingIds.length === 0) return null
    const stays = await db
      .selectFrom('attendance')
      .select('id')
      .where('user_id', '=', userId)
      .where('meeting_id', 'in', meetingIds)
      .limit(maxStays)
      .execute()
    await request(bus, privacyBus.eraseFromNotices, { meetingIds, name })
    await request(bus, privacyBus.eraseFromRecordings, { meetingIds, participantIds: stays.map(({ id }) => id) })
    return meetingIds.length === meetingsAtOnce ? (meetingIds.at(-1) ?? null) : null
  }
