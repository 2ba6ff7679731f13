import { erasedName, type Erasure } from '@parley/contracts'
import { json, scrubbed, untilDone, type EraseStep } from '@parley/kit'
import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import { boxOf } from '../user-events/box.ts'

/**
 * One statement per batch, until a batch finds less than it may and changes all that it found. Rows are found by `ctid`, so that the tables
 * need no key in common. A row that somebody changes at the same moment moves to a new place. The statement does not see it there yet:
 * the next one takes it.
 */
const batches = (
  db: Db,
  table: string,
  whose: (erasure: Erasure) => ReturnType<typeof sql>,
  change: (erasure: Erasure) => ReturnType<typeof sql>,
): EraseStep =>
  untilDone(async (erasure, limit) => {
    const { rows } = await sql<{ found: number; changed: number }>`
      with found as (select ctid as place from ${sql.table(table)} where ${whose(erasure)} limit ${limit} for update),
        changed as (${change(erasure)} where ctid = any(array(select place from found)) returning 1)
      select (select count(*) from found)::int as found, (select count(*) from changed)::int as changed`.execute(db)
    const { found = 0, changed = 0 } = rows[0] ?? {}
    return found === changed ? changed : limit
  })

/** Rows that are a person's own go; rows that others need stay, under the alias. */
export function tableSteps(db: Db): EraseStep[] {
  const drop = (table: string, whose: (erasure: Erasure) => ReturnType<typeof sql>): EraseStep =>
    batches(db, table, whose, () => sql`delete from ${sql.table(table)}`)
  const rename = (table: string, id: string, set: ReturnType<typeof sql>): EraseStep =>
    batches(
      db,
      table,
      ({ userId }) => sql`${sql.ref(id)} = ${userId}`,
      ({ alias }) => sql`update ${sql.table(table)} set ${sql.ref(id)} = ${alias} ${set}`,
    )
  const named = (column: string) => sql`, ${sql.ref(column)} = ${erasedName}`
  const nothing = sql``
  const byId = (column: string) => (erasure: Erasure) => sql`${sql.ref(column)} = ${erasure.userId}`
  const boxes = ({ userId, email }: Erasure) =>
    [boxOf({ userId }), ...(email === null ? [] : [boxOf({ email })])].map((box) => sql`${box}`)
  return [
    rename('meetings.meetings', 'host_id', named('host_name')),
    rename('meetings.attendance', 'user_id', named('name')),
    rename('meetings.members', 'banned_by', nothing),
    drop('meetings.members', byId('user_id')),
    rename('meetings.lobby_entries', 'decided_by', nothing),
    drop('meetings.lobby_entries', byId('user_id')),
    drop('meetings.room_tokens', byId('user_id')),
    rename('meetings.timeline', 'user_id', nothing),
    drop('meetings.visits', byId('user_id')),
    drop('meetings.join_token_uses', byId('user_id')),
    rename('meetings.join_tokens', 'created_by', named('created_by_name')),
    drop('meetings.invites', byId('user_id')),
    drop('meetings.invites', byId('claimed_by')),
    drop('meetings.invites', ({ email, at }) => sql`email = ${email} and created_at <= ${at}`),
    rename('meetings.invites', 'invited_by', sql`, invited_by_name = ${erasedName}, message = null`),
    drop(
      'meetings.webhook_deliveries',
      ({ userId }) => sql`webhook_id in (select id from meetings.webhooks where user_id = ${userId})`,
    ),
    drop('meetings.webhooks', byId('user_id')),
    drop('meetings.user_events', ({ userId }) => sql`box = ${boxOf({ userId })}`),
    drop('meetings.user_events', ({ email, at }) =>
      email === null ? sql`false` : sql`box = ${boxOf({ email })} and created_at <= ${at}`,
    ),
    drop(
      'meetings.user_boxes',
      (erasure) => sql`box in (${sql.join(boxes(erasure))})
        and not exists (select 1 from meetings.user_events e where e.box = user_boxes.box)`,
    ),
    drop('meetings.kept_answers', ({ userId }) => sql`holder = ${userId}`),
  ]
}

const page = 1_000

/** Takes a person out of what was told to others: events of their streams and deliveries, which are kept for days. */
export const toldSteps = (db: Db): EraseStep[] => [
  scrubTable(db, {
    table: 'meetings.user_events',
    key: sql`box || '|' || lpad(seq::text, 15, '0')`,
    order: ['box', 'seq'],
  }),
  scrubTable(db, { table: 'meetings.webhook_deliveries', key: sql`id::text`, order: ['id'] }),
]

interface PrivateTable {
  table: string
  /** The place of a row as a text. */
  key: ReturnType<typeof sql>
  order: readonly ['box', 'seq'] | readonly ['id']
}

/** Looks through a table by its key, a page at a time; only rows that name the person are read. */
function scrubTable(db: Db, { table, key, order }: PrivateTable): EraseStep {
  const columns = sql.join(order.map((column) => sql.ref(column)))
  return async (erasure, after) => {
    const from = placeOf(order, after)
    const { rows } = await sql<{ key: string; hit: boolean; data: unknown }>`
      select key, hit, case when hit then data end as data from (
        select ${key} as key, data, strpos(data::text, ${erasure.userId}) > 0
          or strpos(lower(data::text), lower(${erasure.email ?? erasure.userId})) > 0 as hit
        from ${sql.table(table)} where ${from} order by ${columns} limit ${page}) page order by key`.execute(db)
    for (const row of rows)
      if (row.hit) {
        const place = sql.join(valuesOf(row.key).map((part) => sql`${part}`))
        await sql`update ${sql.table(table)} set data = ${json(scrubbed(row.data, erasure))}
          where (${columns}) = (${place})`.execute(db)
      }
    const last = rows.reduce<string>((highest, row) => (row.key > highest ? row.key : highest), '')
    return rows.length === page ? last : null
  }
}

function placeOf(order: PrivateTable['order'], after: string) {
  if (after === '') return sql`true`
  const columns = sql.join(order.map((column) => sql.ref(column)))
  return sql`(${columns}) > (${sql.join(valuesOf(after).map((part) => sql`${part}`))})`
}

const valuesOf = (key: string): (string | number)[] => {
  const [first = '', second] = key.split('|')
  return second === undefined ? [first] : [first, Number(second)]
}
