import type { RoomCommand, SystemNotice } from '@parley/contracts'
import { json, newId } from '@parley/kit'
import { sql, type Selectable } from 'kysely'
import type { Db, OutboxCommand, Tables } from '../tables.ts'

export type OutboxRow = Selectable<Tables['outbox']>

/**
 * Writes down a command to the room of a meeting, with the next number of that meeting. The transaction has changed or locked the meeting's
 * row. It takes the place of those waiting for that room that it makes idle: an end of all, the others of those of their
 * kind (and person). A removal that is told again does not know the remover.
 * It takes the remover from the removal in whose place it comes.
 */
export async function enqueueCommand(db: Db, meetingId: string, command: RoomCommand, at: Date): Promise<void> {
  let idle = db
    .deleteFrom('outbox')
    .where('meeting_id', '=', meetingId)
    .where('leased_until', 'is', null)
    .where(sql`command ->> 'kind'`, '!=', 'notice')
  if (command.kind !== 'end') idle = idle.where(sql`command ->> 'kind'`, '=', command.kind)
  if ('userId' in command) idle = idle.where(sql`command ->> 'userId'`, '=', command.userId)
  const replaced = (await idle.returning('command').execute()).map((row) => row.command)
  const { room_seq: seq } = await db
    .updateTable('meetings')
    .set({ room_seq: sql`room_seq + 1` })
    .where('id', '=', meetingId)
    .returning('room_seq')
    .executeTakeFirstOrThrow()
  await insert(db, meetingId, { ...remover(command, replaced), ...command, seq }, at)
}

function remover(command: RoomCommand, replaced: readonly OutboxCommand[]): { by?: string } {
  if (command.kind !== 'remove' || command.reason === 'left') return {}
  const by = replaced
    .map((before) => (before.kind === 'remove' ? before.by : undefined))
    .find((user) => user !== undefined)
  return by === undefined ? {} : { by }
}

/** Writes down a notice for the chat of a meeting, in the transaction of its reason. */
export const enqueueNotice = (db: Db, meetingId: string, words: Words, at: Date): Promise<void> =>
  insert(db, meetingId, { kind: 'notice', noticeId: newId(), ...words }, at)

/** The same in English for people, and for programs. */
export interface Words {
  text: string
  system: SystemNotice
}

async function insert(db: Db, meetingId: string, command: OutboxCommand, at: Date): Promise<void> {
  await db
    .insertInto('outbox')
    .values({ meeting_id: meetingId, command: json(command), created_at: at, next_at: databaseNow })
    .execute()
}

/** The replica that takes it: neither waits for the other. */
export type Lane = 'room' | 'chat'

const inLane = (lane: Lane, table: 'command' | 'earlier') =>
  sql<boolean>`(${sql.ref(`${table}.command`)} ->> 'kind' = 'notice') = ${lane === 'chat'}`

/** The database's clock tells what is due and whose lease has run out: those of the replicas may differ by more than a lease. */
const databaseNow = sql<Date>`now()`
const fromNow = (ms: number) => sql<Date>`now() + make_interval(secs => ${ms / 1000})`

/** How old the oldest command of each lane is, in seconds. */
export async function oldestCommands(db: Db): Promise<Record<Lane, number>> {
  const { rows } = await sql<{ room: number | null; chat: number | null }>`select
    extract(epoch from now() - min(created_at) filter (where command ->> 'kind' <> 'notice'))::float8 as room,
    extract(epoch from now() - min(created_at) filter (where command ->> 'kind' = 'notice'))::float8 as chat
    from meetings.outbox`.execute(db)
  return { room: Math.max(0, rows[0]?.room ?? 0), chat: Math.max(0, rows[0]?.chat ?? 0) }
}

/** Takes the oldest command of each meeting that is due on a lane, for this relay alone for `leaseMs`. */
export function leaseCommands(
  db: Db,
  lane: Lane,
  { leaseMs, limit }: { leaseMs: number; limit: number },
): Promise<OutboxRow[]> {
  const due = db
    .selectFrom('outbox as command')
    .select('command.seq')
    .where(inLane(lane, 'command'))
    .where('command.next_at', '<=', databaseNow)
    .where((eb) => eb.or([eb('command.leased_until', 'is', null), eb('command.leased_until', '<', databaseNow)]))
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('outbox as earlier')
            .select('earlier.seq')
            .whereRef('earlier.meeting_id', '=', 'command.meeting_id')
            .whereRef('earlier.seq', '<', 'command.seq')
            .where(inLane(lane, 'earlier')),
        ),
      ),
    )
    .orderBy('command.seq')
    .limit(limit)
    .forUpdate()
    .skipLocked()
  return db
    .updateTable('outbox')
    .set({ leased_until: fromNow(leaseMs), attempts: sql`attempts + 1` })
    .where('seq', 'in', due)
    .returningAll()
    .execute()
}

export async function deleteCommand(db: Db, seq: number): Promise<void> {
  await db.deleteFrom('outbox').where('seq', '=', seq).execute()
}

/** Gives a command back, to be tried again after `waitMs`. */
export async function postponeCommand(db: Db, seq: number, waitMs: number): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ leased_until: null, next_at: fromNow(waitMs) })
    .where('seq', '=', seq)
    .execute()
}
