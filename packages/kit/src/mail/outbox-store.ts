import { sql, type Generated, type Kysely, type Selectable } from 'kysely'
import { json } from '../db/db.ts'
import { newId } from '../ids.ts'

/** A service that sends mail has this in its `Tables`, as `mail_outbox`, and `createMailOutboxTable` in its migrations. */
export interface MailOutboxTable {
  id: string
  /** The data that the mail is made of when it is sent: a `Mail`, or what the service makes one from. */
  payload: unknown
  created_at: Date
  /** When to try next; while a replica sends it, when it counts as dead. */
  due_at: Date
  attempts: Generated<number>
}
export interface OutboxTables {
  mail_outbox: MailOutboxTable
}
export type OutboxRow = Selectable<MailOutboxTable>

/** For a migration, in the schema that is being migrated. */
export async function createMailOutboxTable(db: Kysely<unknown>): Promise<void> {
  await sql`create table mail_outbox (
    id uuid primary key,
    payload jsonb not null,
    created_at timestamptz not null,
    due_at timestamptz not null,
    attempts integer not null default 0
  )`.execute(db)
  await sql`create index mail_outbox_due on mail_outbox (due_at)`.execute(db)
}

/** Puts a mail into the outbox, in the transaction that is its reason. */
export async function putMail(trx: Kysely<OutboxTables>, payload: unknown, now: number): Promise<void> {
  const at = new Date(now)
  await trx
    .insertInto('mail_outbox')
    .values({ id: newId(), payload: json(payload), created_at: at, due_at: at })
    .execute()
}

/** Takes up to `limit` due mails for `leaseMs`: of all replicas one gets each. */
export const claimMails = (
  db: Kysely<OutboxTables>,
  { now, leaseMs, limit }: { now: number; leaseMs: number; limit: number },
): Promise<OutboxRow[]> =>
  db
    .updateTable('mail_outbox')
    .set((eb) => ({ due_at: new Date(now + leaseMs), attempts: eb('attempts', '+', 1) }))
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('mail_outbox')
        .select('id')
        .where('due_at', '<=', new Date(now))
        .orderBy('due_at')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .execute()

/** When the oldest mail that is there was put in; undefined: there is none. */
export async function oldestMail(db: Kysely<OutboxTables>): Promise<Date | undefined> {
  const row = await db.selectFrom('mail_outbox').select('created_at').orderBy('created_at').limit(1).executeTakeFirst()
  return row?.created_at
}

/** Removes a mail that was claimed, unless somebody else has claimed it since. */
export async function dropMail(db: Kysely<OutboxTables>, { id, attempts }: OutboxRow): Promise<void> {
  await db.deleteFrom('mail_outbox').where('id', '=', id).where('attempts', '=', attempts).execute()
}

/** Puts off a mail that was claimed, unless somebody else has claimed it since. */
export async function putOffMail(db: Kysely<OutboxTables>, { id, attempts }: OutboxRow, dueAt: Date): Promise<void> {
  await db
    .updateTable('mail_outbox')
    .set({ due_at: dueAt })
    .where('id', '=', id)
    .where('attempts', '=', attempts)
    .execute()
}
