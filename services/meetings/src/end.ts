import { plainly, ProblemError, type Once } from '@parley/kit'
import { changing } from './changing.ts'
import { now, type Context } from './context.ts'
import { tellInvited } from './invites/mail-queue.ts'
import { lockOwned } from './locked.ts'
import { ownMeeting } from './read.ts'
import { endMeetings, findMeeting, hideMeeting } from './store/meetings.ts'
import { enqueueCommand } from './store/outbox.ts'
import type { Db, EndReason, MeetingRow } from './tables.ts'
import { putMeetingEvents } from './user-events/put.ts'

/** Ends a meeting for its host; one that is over is answered as it is. @throws ProblemError `not-found`, `forbidden` */
export async function endByHost(
  context: Context,
  id: string,
  userId: string,
  once: Once<MeetingRow> = plainly(),
): Promise<MeetingRow> {
  await ownMeeting(context, id, userId)
  const at = now(context)
  let ended: MeetingRow[] = []
  const meeting = await changing(context, id, (trx) =>
    once.in(trx, async () => {
      await lockOwned(trx, id, userId)
      ended = await endAndTell(trx, [id], { at, reason: 'host' })
      await putEnded(trx, context, ended)
      return ended[0] ?? foundOrThrow(await findMeeting(trx, id))
    }),
  )
  tellOfEnd(context, ended)
  return meeting
}

/**
 * Cancels a meeting for its host; one that is cancelled is answered as it is. @throws ProblemError `not-found`,
 * `forbidden`, `meeting-over` for one that has ended
 */
export async function cancelByHost(
  context: Context,
  id: string,
  userId: string,
  once: Once<MeetingRow>,
): Promise<MeetingRow> {
  await ownMeeting(context, id, userId)
  const at = now(context)
  let ended: MeetingRow[] = []
  const meeting = await changing(context, id, (trx) =>
    once.in(trx, async () => {
      const before = await lockOwned(trx, id, userId)
      ended = await endAndTell(trx, [id], { at, reason: 'cancelled' })
      for (const after of ended) await tellInvited(trx, { before, after, at })
      await putEnded(trx, context, ended)
      const found = ended[0] ?? foundOrThrow(await findMeeting(trx, id))
      if (found.status !== 'cancelled') throw new ProblemError('meeting-over')
      return found
    }),
  )
  tellOfEnd(context, ended)
  context.wakeMail()
  return meeting
}

function foundOrThrow(meeting: MeetingRow | undefined): MeetingRow {
  if (meeting === undefined) throw new ProblemError('not-found', 'There is no such meeting')
  return meeting
}

/** Ends a meeting for its host, and nobody finds it any more. @throws ProblemError `not-found`, `forbidden` */
export async function deleteByHost(context: Context, id: string, userId: string): Promise<void> {
  await ownMeeting(context, id, userId)
  const at = now(context)
  const ended = await changing(context, id, async (trx) => {
    const before = await lockOwned(trx, id, userId)
    const stopped = await endAndTell(trx, [id], { at, reason: 'host' })
    const after = await hideMeeting(trx, id, at)
    if (after !== undefined) await tellInvited(trx, { before, after, at })
    await putEnded(trx, context, stopped)
    return stopped
  })
  tellOfEnd(context, ended)
  context.wakeMail()
}

/** In a transaction: ends those meetings that are not over, and writes to the outbox that their rooms are to close. */
export async function endAndTell(
  trx: Db,
  ids: readonly string[],
  how: { at: Date; reason: EndReason },
): Promise<MeetingRow[]> {
  const ended = await endMeetings(trx, ids, how)
  for (const { id } of ended) await enqueueCommand(trx, id, { kind: 'end', reason: how.reason }, how.at)
  return ended
}

/** In the same transaction, once for all that it has ended: writes it down for the event streams of their people. */
export const putEnded = (trx: Db, context: Context, ended: readonly MeetingRow[]): Promise<void> =>
  putMeetingEvents(
    trx,
    context,
    ended.map((meeting) => ({
      type: meeting.status === 'cancelled' ? 'meeting.cancelled' : 'meeting.ended',
      meeting,
    })),
  )

/** After the commit: rooms are told by the outbox, and those who wait, perhaps for a room nobody has entered, by their lobby. */
export function tellOfEnd(context: Context, ended: readonly MeetingRow[]): void {
  if (ended.length > 0) {
    context.wakeRelay()
    context.wakeTeller()
  }
  for (const { id, lobby_version: lv } of ended) context.tellLobby(id, lv)
}
