import type { Context } from '../context.ts'
import { countLobby, settleEntries } from '../store/lobby.ts'
import { lockMeeting } from '../store/meetings.ts'
import type { Db } from '../tables.ts'
import type { LobbyRow } from '../tables-admission.ts'

type Which = Parameters<typeof settleEntries>[2]
type How = Pick<LobbyRow, 'status' | 'decided_by' | 'decided_at'>

/** Ends the wait of some, and tells the room if that changed its lobby. */
export async function settleWait(context: Context, meetingId: string, which: Which, how: How): Promise<void> {
  const lv = await context.db.transaction().execute(async (trx) => {
    await lockMeeting(trx, meetingId)
    return settleIn(trx, meetingId, which, how)
  })
  if (lv !== null) context.tellLobby(meetingId, lv)
}

/** The same in a transaction that has locked the meeting: the lobby's new version, or null if nobody waited. */
export async function settleIn(trx: Db, meetingId: string, which: Which, how: How): Promise<number | null> {
  const settled = await settleEntries(trx, meetingId, which, how)
  return settled.length === 0 ? null : countLobby(trx, meetingId)
}
