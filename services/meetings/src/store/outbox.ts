import type { RoomCommand } from '@parley/contracts'
import { json } from '@parley/kit'
import { sql, type Selectable } from 'kysely'
import type { Db, Tables } from '../tables.ts'

export type OutboxRow = Selectable<Tables['outbox']>

/**
 * Writes down a command to the room of a meeting whose row the transaction has changed or locked. It takes the place of
 * those waiting for that room that it makes idle: an end of all, the others of those of their kind (and person).
 */
export async function enqueueCommand(db: Db, meetingId: string, command: RoomCommand, at: Date): Promise<void> {
  let idle = db.deleteFrom('outbox').where('meeting_id', '=', meetingId).where('leased_until', 'is', null)
  if (command.kind !== 'end') idle = idle.where(sql`command ->> 'kind'`, '=', command.kind)
  if ('userId' in command) idle = idle.where(sql`command ->> 'userId'`, '=', command.userId)
  await idle.execute()
  await db
    .insertInto('outbox')
    .values({ meeting_id: meetingId, command: json(command), created_at: at, next_at: at })
    .execute()
}

/** These people come in again: what still waits to send them out is of before. */
export async function dropRemovals(db: Db, meetingId: string, userIds: readonly string[]): Promise<void> {
  if (userIds.length === 0) return
  await db
    .deleteFrom('outbox')
    .where('meeting_id', '=', meetingId)
    .where('leased_until', 'is', null)
    .where(sql`command ->> 'kind'`, '=', 'remove')
    .where(sql<string>`command ->> 'userId'`, 'in', userIds)
    .execute()
}

/** Takes the oldest command of each meeting that is due, for this relay alone until `until`. */
export function leaseCommands(
  db: Db,
  { at, until, limit }: { at: Date; until: Date; limit: number },
): Promise<OutboxRow[]> {
  const due = db
    .selectFrom('outbox as command')
    .select('command.seq')
    .where('command.next_at', '<=', at)
    .where((eb) => eb.or([eb('command.leased_until', 'is', null), eb('command.leased_until', '<', at)]))
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('outbox as earlier')
            .select('earlier.seq')
            .whereRef('earlier.meeting_id', '=', 'command.meeting_id')
            .whereRef('earlier.seq', '<', 'command.seq'),
        ),
      ),
    )
    .orderBy('command.seq')
    .limit(limit)
    .forUpdate()
    .skipLocked()
  return db
    .updateTable('outbox')
    .set({ leased_until: until, attempts: sql`attempts + 1` })
    .where('seq', 'in', due)
    .returningAll()
    .execute()
}

export async function deleteCommand(db: Db, seq: number): Promise<void> {
  await db.deleteFrom('outbox').where('seq', '=', seq).execute()
}

/** Gives a command back, to be tried again at `nextAt`. */
export async function postponeCommand(db: Db, seq: number, nextAt: Date): Promise<void> {
  await db.updateTable('outbox').set({ leased_until: null, next_at: nextAt }).where('seq', '=', seq).execute()
}
