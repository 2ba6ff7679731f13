import { changing } from '../changing.ts'
import type { Context } from '../context.ts'
import { countLobby, settleEntries } from '../store/lobby.ts'
import { admitMembers } from '../store/members.ts'
import { lockMeeting } from '../store/meetings.ts'
import type { Db, MeetingRow } from '../tables.ts'
import type { LobbyRow } from '../tables-admission.ts'

type Which = Parameters<typeof settleEntries>[2]
type How = Pick<LobbyRow, 'status' | 'decided_by' | 'decided_at'>

/** Ends the wait of some, and tells the room if that changed its lobby. */
export async function settleWait(context: Context, meetingId: string, which: Which, how: How): Promise<void> {
  const lv = await changing(context, meetingId, async (trx) => {
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

/** A decision on some who asked to be let in: how many of them waited, and the lobby's new version if any did. */
export async function settleAsked(
  trx: Db,
  meetingId: string,
  which: Which,
  how: How & { decided_at: Date },
): Promise<{ count: number; lv: number | null }> {
  const settled = await settleEntries(trx, meetingId, which, how)
  if (settled.length === 0) return { count: 0, lv: null }
  if (how.status === 'admitted') {
    const users = settled.map(({ user_id: userId, name, guest }) => ({ meetingId, userId, name, guest }))
    await admitMembers(trx, users, how.decided_at)
  }
  return { count: settled.length, lv: await countLobby(trx, meetingId) }
}

/**
 * In the transaction that switched the waiting room off: lets in all who wait for nothing else. A person who was removed before, or may not
 * enter by today's settings, goes on waiting for a decision.
 */
export const letInFreed = (trx: Db, meeting: MeetingRow, at: Date): Promise<{ lv: number | null }> =>
  settleAsked(trx, meeting.id, { freedIn: meeting }, { status: 'admitted', decided_by: null, decided_at: at })
