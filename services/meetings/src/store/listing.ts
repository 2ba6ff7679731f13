import type { MeetingStatus } from '@parley/contracts'
import { sql, type RawBuilder, type SqlBool } from 'kysely'
import type { Cursor } from '../cursor.ts'
import { goodStatuses } from '../invites/store.ts'
import type { Db, MeetingRow } from '../tables.ts'

export interface ListFilter {
  userId: string
  scope: 'mine' | 'active'
  role?: 'host' | 'joined' | 'invited'
  status?: MeetingStatus
}
interface Page {
  after: Cursor | null
  limit: number
}

/**
 * Meetings newest first, from `after` on. Each way in which a meeting can be mine has an index in the order of the list. Each gives at most a page: the cost depends neither on how many meetings there are, nor on how many are
 * mine.
 */
export const listMeetings = (db: Db, filter: ListFilter, page: Page): Promise<MeetingRow[]> =>
  listingQuery(db, filter, page).execute()

/** The query of it, whose plan the tests look at. */
export function listingQuery(db: Db, filter: ListFilter, page: Page) {
  let query = db.selectFrom('meetings').selectAll()
  if (filter.role !== undefined) query = query.where('id', 'in', ways[filter.role](db, filter, page))
  else if (filter.scope === 'mine') {
    const [hosted, joined, invited] = [
      ways.host(db, filter, page),
      ways.joined(db, filter, page),
      ways.invited(db, filter, page),
    ]
    query = query.where('id', 'in', hosted.union(joined).union(invited))
  } else query = query.where(fits('meetings', filter)).where(follows(['created_at', 'id'], page))
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(page.limit)
}

/** A page of ids per way; in a subquery of its own, for `union` takes no `limit` of its parts. */
const ways = {
  host: (db: Db, filter: ListFilter, page: Page) =>
    db
      .selectFrom(
        db
          .selectFrom('meetings as meeting')
          .select('id')
          .where('host_id', '=', filter.userId)
          .where(fits('meeting', filter))
          .where(follows(['created_at', 'id'], page))
          .orderBy('created_at', 'desc')
          .orderBy('id', 'desc')
          .limit(page.limit)
          .as('hosted'),
      )
      .select('hosted.id'),
  joined: (db: Db, filter: ListFilter, page: Page) =>
    db
      .selectFrom(
        db
          .selectFrom('visits')
          .innerJoin('meetings as meeting', 'meeting.id', 'visits.meeting_id')
          .select('visits.meeting_id as id')
          .where('visits.user_id', '=', filter.userId)
          .where(fits('meeting', filter))
          .where(follows(['visits.meeting_created_at', 'visits.meeting_id'], page))
          .orderBy('visits.meeting_created_at', 'desc')
          .orderBy('visits.meeting_id', 'desc')
          .limit(page.limit)
          .as('joined'),
      )
      .select('joined.id'),
  invited: (db: Db, filter: ListFilter, page: Page) =>
    db
      .selectFrom(
        db
          .selectFrom('invites')
          .innerJoin('meetings as meeting', 'meeting.id', 'invites.meeting_id')
          .select(['invites.meeting_created_at', 'invites.meeting_id as id'])
          // By account and by address: two invites to one meeting.
          .distinct()
          .where('invites.claimed_by', '=', filter.userId)
          .where('invites.status', 'in', goodStatuses)
          .where(fits('meeting', filter))
          .where(follows(['invites.meeting_created_at', 'invites.meeting_id'], page))
          .orderBy('invites.meeting_created_at', 'desc')
          .orderBy('invites.meeting_id', 'desc')
          .limit(page.limit)
          .as('invited'),
      )
      .select('invited.id'),
}

/** The conditions on the meeting itself. */
function fits(table: 'meeting' | 'meetings', { scope, status }: ListFilter): RawBuilder<SqlBool> {
  const of = (column: string) => sql.ref(`${table}.${column}`)
  const conditions = [sql<SqlBool>`${of('deleted_at')} is null`]
  if (status !== undefined) conditions.push(sql`${of('status')} = ${status}`)
  // Written out, so that the index of these is seen to fit.
  if (scope === 'active') conditions.push(sql`${of('status')} = 'live' and ${of('type')} = 'public'`)
  return sql.join(conditions, sql` and `)
}

const follows = ([at, id]: readonly [string, string], { after }: Page): RawBuilder<SqlBool> =>
  after === null ? sql`true` : sql`(${sql.ref(at)}, ${sql.ref(id)}) < (${after.at}, ${after.id})`
