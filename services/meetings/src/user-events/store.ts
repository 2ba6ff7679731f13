import type { UserEventName } from '@parley/contracts'
import { json } from '@parley/kit'
import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { UserEventRow } from './tables.ts'

export interface NewUserEvent {
  type: UserEventName
  data: unknown
  boxes: readonly string[]
}

/** How many events of a box are kept. */
const maxKept = 1_000

/**
 * Numbers and stores events in one statement: in each box the next numbers in the order of `events`. The boxes are locked in
 * one order, so call it once in a transaction.
 */
export async function insertUserEvents(db: Db, events: readonly NewUserEvent[], at: Date): Promise<void> {
  const rows = events.filter(({ boxes }) => boxes.length > 0)
  if (rows.length === 0) return
  await sql`
    with input as materialized (
      select distinct on (b.box, d.place) b.box, d.place, d.type, d.data
      from rows from (jsonb_to_recordset(${json(rows)}) as (type text, data jsonb, boxes jsonb))
        with ordinality as d(type, data, boxes, place),
        lateral jsonb_array_elements_text(d.boxes) as b(box)
      order by b.box, d.place
    ), counted as materialized (
      select box, count(*) as added from input group by box order by box
    ), claimed as (
      insert into meetings.user_boxes as b (box, last_seq)
      select box, added from counted order by box
      on conflict (box) do update set last_seq = b.last_seq + excluded.last_seq
      returning b.box, b.last_seq
    )
    insert into meetings.user_events (box, seq, type, data, created_at)
    select i.box, c.last_seq - n.added + row_number() over (partition by i.box order by i.place), i.type, i.data, ${at}
    from input i join claimed c using (box) join counted n using (box)`.execute(db)
}

/** Events of a box after a number, in order. */
export const listUserEvents = (db: Db, box: string, after: number, limit: number): Promise<UserEventRow[]> =>
  db
    .selectFrom('user_events')
    .selectAll()
    .where('box', '=', box)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
    .execute()

/** Numbers of the newest event of each box, and of the oldest that is kept; boxes without any are not there. */
export async function readBoxes(
  db: Db,
  boxes: readonly string[],
): Promise<Map<string, { last: number; oldest: number | null }>> {
  const rows = await db
    .selectFrom('user_boxes as b')
    .select(['b.box', 'b.last_seq'])
    .select((eb) =>
      eb
        .selectFrom('user_events as e')
        .select((inner) => inner.fn.min<number | null>('e.seq').as('oldest'))
        .whereRef('e.box', '=', 'b.box')
        .as('oldest'),
    )
    .where('b.box', 'in', boxes)
    .execute()
  return new Map(rows.map(({ box, last_seq: last, oldest }) => [box, { last, oldest }]))
}

/** Boxes with events that nobody was told of; each is given to one caller. */
export async function takeUntold(db: Db, limit: number): Promise<string[]> {
  const untold = db
    .selectFrom('user_boxes')
    .select('box')
    .where(sql<boolean>`told_seq < last_seq`)
    .limit(limit)
    .forUpdate()
    .skipLocked()
  const rows = await db
    .updateTable('user_boxes')
    .set({ told_seq: sql`last_seq` })
    .where('box', 'in', untold)
    .returning('box')
    .execute()
  return rows.map(({ box }) => box)
}

/** In the transaction that takes boxes with news: their endpoints have news too. */
export const markNews = (db: Db, boxes: readonly string[]) =>
  db
    .updateTable('webhooks')
    .set({ has_news: true })
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('webhooks')
        .select('id')
        .where('status', '=', 'enabled')
        .where((where) => where.or([where('box', 'in', boxes), where('mail_box', 'in', boxes)]))
        // In one order: two replicas may mark the same ones.
        .orderBy('id')
        .forUpdate(),
    )
    .execute()

/** Forgets events from before a time, and of the boxes that have too many the oldest; true if there may be more. */
export async function forgetUserEvents(db: Db, before: Date, limit: number): Promise<boolean> {
  const old = db.selectFrom('user_events').select(['box', 'seq']).where('created_at', '<', before).limit(limit)
  const result = await db
    .deleteFrom('user_events')
    .where((eb) => eb(eb.refTuple('box', 'seq'), 'in', old.$asTuple('box', 'seq')))
    .executeTakeFirst()
  return Number(result.numDeletedRows) === limit
}

/** Of these boxes keeps the newest events only. */
export const trimBoxes = (db: Db, boxes: readonly string[]) =>
  db
    .deleteFrom('user_events as e')
    .using('user_boxes as b')
    .whereRef('b.box', '=', 'e.box')
    .where('b.box', 'in', boxes)
    .where((eb) => eb('e.seq', '<=', eb('b.last_seq', '-', maxKept)))
    // An event without deliveries for its webhooks stays until it is too old.
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('webhooks as w')
            .select('w.id')
            .where('w.status', '=', 'enabled')
            .whereRef('w.box', '=', 'e.box')
            .whereRef('w.own_seq', '<', 'e.seq'),
        ),
      ),
    )
    .execute()

/** Scheduled meetings that begin before a time and whose people were not told of that yet; from now on they are. */
export const takeStarting = (db: Db, { at, before, limit }: { at: Date; before: Date; limit: number }) =>
  db
    .updateTable('meetings')
    .set({ starting_told: sql`scheduled_at` })
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('meetings')
        .select('id')
        .where('status', '=', 'scheduled')
        .where('deleted_at', 'is', null)
        .where('scheduled_at', '>', at)
        .where('scheduled_at', '<=', before)
        .whereRef('starting_told', 'is distinct from', 'scheduled_at')
        .orderBy('scheduled_at')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .execute()
