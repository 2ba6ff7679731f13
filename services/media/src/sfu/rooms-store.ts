import { sql, type Kysely } from 'kysely'
import type { SfuTables } from './sfu-tables.ts'

export type SfuDb = Kysely<SfuTables>

/** Where the room of a meeting is. */
export interface OpenRoom {
  meetingId: string
  generation: number
  janusId: string
  room: string
}
/** The meeting has no room now; it may have had one. */
interface ClosedRoom {
  meetingId: string
  generation: number
  janusId: null
  /** When the last one was closed or moved, ms ago by the clock of the database. */
  changedMsAgo: number
}
export type RoomRow = (OpenRoom & { changedMsAgo: number }) | ClosedRoom

const columns = sql`
  meeting_id as "meetingId", generation, janus_id as "janusId", room,
  (extract(epoch from clock_timestamp() - changed_at) * 1000)::float8 as "changedMsAgo"`

/** Null: the meeting never had a room. */
export async function findRoom(db: SfuDb, meetingId: string): Promise<RoomRow | null> {
  const { rows } = await sql<RoomRow>`
    select ${columns} from media.sfu_rooms where meeting_id = ${meetingId}`.execute(db)
  return rows[0] ?? null
}

/** The rows of many meetings; those that never had a room are left out. */
export async function findRooms(db: SfuDb, meetingIds: readonly string[]): Promise<RoomRow[]> {
  const { rows } = await sql<RoomRow>`
    select ${columns} from media.sfu_rooms where meeting_id = any(${meetingIds}::uuid[])`.execute(db)
  return rows
}

/** The rooms that are at one Janus. */
export async function roomsAt(db: SfuDb, janusId: string): Promise<OpenRoom[]> {
  const { rows } = await sql<OpenRoom>`
    select ${columns} from media.sfu_rooms where janus_id = ${janusId} order by meeting_id`.execute(db)
  return rows
}

/** How many rooms are at each Janus. */
export async function countRooms(db: SfuDb): Promise<Map<string, number>> {
  const { rows } = await sql<{ id: string; rooms: number }>`
    select janus_id as id, count(*)::integer as rooms from media.sfu_rooms where janus_id is not null group by janus_id`.execute(
    db,
  )
  return new Map(rows.map(({ id, rooms: count }) => [id, count]))
}

/**
 * Writes down where the room of a meeting is from now on (null: nowhere), unless its generation is another than `known` by now. Returns
 * the new generation, or null when somebody else was first.
 */
export async function putRoom(
  db: SfuDb,
  { meetingId, known, at }: { meetingId: string; known: number; at: { janusId: string; room: string } | null },
): Promise<number | null> {
  const [janusId, room] = at === null ? [null, null] : [at.janusId, at.room]
  const put =
    known === 0
      ? sql<{ generation: number }>`
          insert into media.sfu_rooms (meeting_id, generation, janus_id, room)
          values (${meetingId}, 1, ${janusId}, ${room})
          on conflict do nothing returning generation`
      : sql<{ generation: number }>`
          update media.sfu_rooms
          set generation = generation + 1, janus_id = ${janusId}, room = ${room}, changed_at = clock_timestamp()
          where meeting_id = ${meetingId} and generation = ${known} returning generation`
  const { rows } = await put.execute(db)
  return rows[0]?.generation ?? null
}

/** Forgets meetings that have had no room for `days`; returns how many, at most `limit`. */
export async function forgetClosed(db: SfuDb, { days, limit }: { days: number; limit: number }): Promise<number> {
  const { rows } = await sql`
    delete from media.sfu_rooms where meeting_id in (
      select meeting_id from media.sfu_rooms
      where janus_id is null and changed_at < clock_timestamp() - make_interval(days => ${days}) limit ${limit}
    ) returning meeting_id`.execute(db)
  return rows.length
}
