import { sql } from '../../support/sql.ts'
import type { MeetingSeen, Standing } from '../history/history.ts'
import type { Crowd } from './crowd.ts'

interface MeetingRow extends MeetingSeen {
  id: string
  status: string
}
interface MemberRow {
  meeting: string
  user: string
  role: string | null
  banned: boolean
}

/** The database's rows of every meeting of the crowd. */
export async function standingsOf({ meetings }: Crowd, databaseUrl: string): Promise<Map<string, Standing>> {
  const ours = new Set(meetings.map(({ id }) => id))
  const rows = await sql<MeetingRow>(databaseUrl, 'select id, status, title, settings from meetings.meetings')
  const members = await sql<MemberRow>(
    databaseUrl,
    `select meeting_id as meeting, user_id as "user", role, banned_at is not null as banned from meetings.members`,
  )
  const of = Map.groupBy(members, ({ meeting }) => meeting)
  return new Map(
    rows.filter(({ id }) => ours.has(id)).map(({ id, ...row }) => [id, { ...row, ...decided(of.get(id) ?? []) }]),
  )
}

const decided = (members: readonly MemberRow[]): Pick<Standing, 'banned' | 'roles'> => ({
  banned: new Set(members.flatMap(({ user, banned }) => (banned ? [user] : []))),
  roles: new Map(members.flatMap(({ user, role }) => (role === null ? [] : [[user, role] as const]))),
})
