import { newId, ProblemError } from '@parley/kit'
import { countLobby, findEntry, putEntry } from '../store/lobby.ts'
import type { MeetingUser } from '../store/members.ts'
import type { Db } from '../tables.ts'
import type { LobbyRow } from '../tables-admission.ts'
import { originOf, placeInLobbyOrThrow } from './places.ts'

/** A person not seen for this long has left the queue. */
export const unseenMs = 130_000
/** A person with a room token and no socket yet keeps a place for this long. */
const socketWithinMs = 30_000
/** A rejected person may ask again after this. */
const askAgainMs = 60_000

export interface LobbyPlace {
  participantId: string
  /** The lobby's new version; null if it looks as before. */
  lv: number | null
}

/** How long somebody who was rejected has to wait before asking again, in ms; 0: not at all. */
export const rejectedForMs = (entry: LobbyRow | undefined, at: Date): number =>
  entry?.status === 'rejected' && entry.decided_at !== null
    ? Math.max(0, entry.decided_at.getTime() + askAgainMs - at.getTime())
    : 0

/** A person who comes to the lobby: by REST from an address, or then with a socket. */
export type Comer = MeetingUser & { by: { address: string } | 'socket' }

/**
 * In a transaction that has locked the meeting: the place of somebody in the queue, kept if they still wait, else a new
 * one at its end. A place needs a socket: without one it is given back soon. @throws ProblemError `not-admitted` for who was just rejected, `meeting-full` for a full lobby
 */
export async function takePlace(trx: Db, comer: Comer, at: Date): Promise<LobbyPlace> {
  const { meetingId, userId, name, guest, by } = comer
  const entry = await findEntry(trx, { meetingId, userId })
  const retryAfterMs = rejectedForMs(entry, at)
  if (retryAfterMs > 0) throw new ProblemError('not-admitted', 'The host did not let you in', { retryAfterMs })
  const seenAt = by === 'socket' ? at : new Date(at.getTime() - unseenMs + socketWithinMs)
  const origin = by === 'socket' ? (entry?.address ?? null) : originOf(meetingId, by.address)
  if (entry?.status === 'waiting' && entry.seen_at.getTime() > at.getTime() - unseenMs) {
    await putEntry(trx, { ...entry, name, seen_at: later(entry.seen_at, seenAt), address: origin })
    const lv = name === entry.name ? null : await countLobby(trx, meetingId)
    return { participantId: entry.participant_id, lv }
  }
  await placeInLobbyOrThrow(trx, { meetingId, guest, origin })
  const participantId = newId()
  await putEntry(trx, {
    meeting_id: meetingId,
    user_id: userId,
    participant_id: participantId,
    name,
    guest,
    asked_at: at,
    seen_at: seenAt,
    status: 'waiting',
    decided_by: null,
    decided_at: null,
    address: origin,
  })
  return { participantId, lv: await countLobby(trx, meetingId) }
}

const later = (a: Date, b: Date): Date => (a > b ? a : b)
