import type { Role } from '@parley/contracts'
import { prepared } from '@parley/kit'
import { sql } from 'kysely'
import type { Db, MeetingRow, RoomTokenRow } from '../tables.ts'
import type { MemberRow } from '../tables-admission.ts'
import { meetingColumns } from './meetings.ts'

type HeldRoomToken = Pick<RoomTokenRow, 'name' | 'guest' | 'used_at' | 'by_code' | 'passcode_hash'>

/** All that decides how somebody stands to a meeting and comes into it, as of one moment. Invites are looked up apart. */
export interface Arrival {
  meeting: MeetingRow
  userId: string
  member: Pick<MemberRow, 'name' | 'role' | 'guest' | 'admitted_at' | 'must_wait' | 'banned_at'> | undefined
  /** Their newest stay in it. */
  stay: { name: string; role: Role } | undefined
  /** Their newest room token: a spent one rather than one that is still good. */
  token: HeldRoomToken | undefined
  /** They wait in the lobby. */
  waits: boolean
  /** They hold a use of a join token that is still good. */
  holdsUse: boolean
}

interface Whom {
  meetingId: string
  userId: string
  at: Date
}

/** Undefined when there is no such meeting, or not any more. One statement: everybody who joins asks it. */
export async function findArrival(db: Db, whom: Whom): Promise<Arrival | undefined> {
  const [row] = await arrivalRows(db, whom)
  if (row === undefined) throw new Error('a row for each question')
  const { m_name, m_role, m_guest, m_wait, m_admitted, m_banned, waits, uses, ...rest } = row
  const { s_name, s_role, t_name, t_guest, t_used, t_by_code, t_passcode, ...meeting } = rest
  if (!isMeeting(meeting)) return undefined
  return {
    meeting,
    userId: whom.userId,
    member:
      m_name === null || m_guest === null || m_wait === null
        ? undefined
        : {
            name: m_name,
            role: m_role,
            guest: m_guest,
            must_wait: m_wait,
            admitted_at: m_admitted,
            banned_at: m_banned,
          },
    stay: s_name === null || s_role === null ? undefined : { name: s_name, role: s_role },
    token:
      t_name === null || t_guest === null || t_by_code === null
        ? undefined
        : {
            name: t_name,
            guest: t_guest,
            used_at: t_used,
            by_code: t_by_code,
            passcode_hash: t_passcode,
          },
    waits: waits === true,
    holdsUse: uses === true,
  }
}

/** All columns are null where no meeting was joined. */
const isMeeting = (row: { [K in keyof MeetingRow]: MeetingRow[K] | null }): row is MeetingRow => row.id !== null

/** Asked of the id and not of the meeting: one that is not there takes as long as one that is. */
const arrivalRows = prepared('meetings.arrival', (db: Db, { meetingId, userId, at }: Whom) =>
  db
    .selectFrom(sql<{ id: string }>`(select cast(${meetingId} as uuid) as id)`.as('asked'))
    .leftJoin('meetings', (join) => join.onRef('meetings.id', '=', 'asked.id').on('meetings.deleted_at', 'is', null))
    .leftJoin('members as member', (join) =>
      join.onRef('member.meeting_id', '=', 'asked.id').on('member.user_id', '=', userId),
    )
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('attendance')
          .select(['name as s_name', 'role as s_role'])
          .whereRef('attendance.meeting_id', '=', 'asked.id')
          .where('attendance.user_id', '=', userId)
          .orderBy('joined_at', 'desc')
          .limit(1)
          .as('stay'),
      (join) => join.onTrue(),
    )
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('room_tokens')
          .select(['name as t_name', 'guest as t_guest', 'used_at as t_used'])
          .select(['by_code as t_by_code', 'passcode_hash as t_passcode'])
          .whereRef('room_tokens.meeting_id', '=', 'asked.id')
          .where('room_tokens.user_id', '=', userId)
          .where((of) => of.or([of('used_at', 'is not', null), of('expires_at', '>', at)]))
          .orderBy((of) => of('used_at', 'is', null))
          .orderBy('expires_at', 'desc')
          .limit(1)
          .as('token'),
      (join) => join.onTrue(),
    )
    .selectAll(['stay', 'token'])
    .select(meetingColumns)
    .select(['member.name as m_name', 'member.role as m_role', 'member.guest as m_guest'])
    .select(['member.must_wait as m_wait', 'member.admitted_at as m_admitted', 'member.banned_at as m_banned'])
    .select((eb) => [
      eb
        .exists(
          eb
            .selectFrom('lobby_entries')
            .select('lobby_entries.user_id')
            .whereRef('lobby_entries.meeting_id', '=', 'asked.id')
            .where('lobby_entries.user_id', '=', userId)
            .where('lobby_entries.status', '=', 'waiting'),
        )
        .as('waits'),
      eb
        .exists(
          eb
            .selectFrom('join_tokens')
            .innerJoin('join_token_uses', 'join_token_uses.token_id', 'join_tokens.id')
            .select('join_tokens.id')
            .whereRef('join_tokens.meeting_id', '=', 'asked.id')
            .where('join_token_uses.user_id', '=', userId)
            .where('join_tokens.revoked_at', 'is', null)
            .where('join_tokens.expires_at', '>', at),
        )
        .as('uses'),
    ]),
)
