import { createLogger, migrate, openDatabase, type DatabaseHost } from '@parley/kit'
import { eventually, startPostgres, type RunningServer } from '@parley/kit/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrations } from '../migrations/index.ts'
import type { Db, Tables } from '../tables.ts'
import { forgetJoinTokens, forgetLobbyEntries, lockDue } from './sweep.ts'

const log = createLogger({ service: 'sweep-test', level: 'silent' })
const hourMs = 3_600_000

describe('sweeps', () => {
  let postgres: RunningServer
  let host: DatabaseHost
  let db: Db
  beforeAll(async () => {
    postgres = await startPostgres()
    host = await openDatabase({ url: postgres.url }, { log })
    await migrate(host, { schema: 'meetings', migrations })
    db = host.schema<Tables>('meetings')
    await fill(40_000, 'ended', 'ended')
    await fill(2_000, 'waiting', 'waiting')
    await host.migrating((admin) => sql`analyze`.execute(admin))
  }, 60_000)
  afterAll(async () => {
    await host.close()
    await postgres.stop()
  })

  /** Meetings of a state, one a second, the newest now; each with somebody in its lobby and a join token, both as old. */
  const fill = (count: number, status: string, title: string): Promise<unknown> =>
    host.migrating(async (admin) => {
      await sql`
        insert into meetings.meetings (id, code, title, description, type, status, host_id, host_name, time_zone,
          max_participants, settings, version, public_base, created_at)
        select gen_random_uuid(), gen_random_uuid()::text, ${title}, '', 'public', ${status}, gen_random_uuid(), 'H', 'UTC',
          50, '{}', 1, 'https://meet.test', now() - n * interval '1 second'
        from generate_series(1, ${sql.lit(count)}) as n`.execute(admin)
      await sql`
        insert into meetings.lobby_entries (meeting_id, user_id, participant_id, name, guest, asked_at, seen_at, status)
        select id, gen_random_uuid(), gen_random_uuid(), 'A', true, created_at, created_at, 'left'
        from meetings.meetings where title = ${title}`.execute(admin)
      await sql`
        insert into meetings.join_tokens (id, meeting_id, hash, role, uses, uses_left, created_by, created_at, expires_at)
        select gen_random_uuid(), id, id::text, 'participant', 1, 1, host_id, created_at, created_at
        from meetings.meetings where title = ${title}`.execute(admin)
    })
  /** How often each index was scanned, and how many rows of it were read. */
  const scans = async (): Promise<Map<string, { scans: number; rows: number }>> => {
    const { rows } = await sql<{ name: string; scans: number; rows: number }>`
      select indexrelname as name, idx_scan as scans, idx_tup_read as rows from pg_stat_user_indexes`.execute(db)
    return new Map(rows.map(({ name, ...read }) => [name, read]))
  }
  /** Runs a sweep: it reads by its index, and few rows. */
  async function readsBy(index: string, sweep: () => Promise<unknown>): Promise<void> {
    const before = await scans()
    await sweep()
    // The server counts with a delay.
    await eventually(async () => {
      const after = await scans()
      expect(after.get(index)?.scans ?? 0, index).toBeGreaterThan(before.get(index)?.scans ?? 0)
      const read = [...after].map(([name, { rows }]) => [name, rows - (before.get(name)?.rows ?? 0)] as const)
      expect(read.filter(([, rows]) => rows > 3_000)).toEqual([])
    }, 10_000)
  }

  it('X36 meetings that are due to end are found by an index, however many are over', () =>
    readsBy('meetings_due', async () => {
      const at = new Date()
      const limits = {
        at,
        emptyBefore: new Date(at.getTime() - hourMs),
        expiredBefore: new Date(at.getTime() - 24 * hourMs),
      }
      expect(await db.transaction().execute((trx) => lockDue(trx, { ...limits, limit: 50 }))).toEqual([])
      const soon = { ...limits, expiredBefore: new Date(at.getTime() - 1_900_000), limit: 50 }
      const due = await db.transaction().execute((trx) => lockDue(trx, soon))
      expect(due).toHaveLength(50)
      expect(new Set(due.map(({ reason }) => reason))).toEqual(new Set(['expired']))
    }))

  it('X36 old entries of lobbies go, some at a time, by an index', async () => {
    const before = new Date(Date.now() - 39_000_000)
    const left = async () =>
      Number(
        (
          await db
            .selectFrom('lobby_entries')
            .select((eb) => eb.fn.countAll().as('n'))
            .executeTakeFirstOrThrow()
        ).n,
      )
    const all = await left()
    await readsBy('lobby_entries_old', () => forgetLobbyEntries(db, before))
    expect(all - (await left())).toBe(500)
  })

  it('X36 long expired join tokens are deleted with their uses; the memberships they gave stay', async () => {
    const before = new Date(Date.now() - 39_500_000)
    const old = await db
      .selectFrom('join_tokens')
      .selectAll()
      .where('expires_at', '<', before)
      .limit(1)
      .executeTakeFirstOrThrow()
    const member = { meeting_id: old.meeting_id, user_id: old.created_by }
    await db
      .insertInto('members')
      .values({
        ...member,
        name: 'A',
        guest: false,
        role: 'cohost',
        admitted_at: new Date(),
        banned_at: null,
        banned_by: null,
        join_token: old.id,
      })
      .execute()
    await db
      .insertInto('join_token_uses')
      .values({ token_id: old.id, user_id: old.created_by, used_at: before })
      .execute()
    await readsBy('join_tokens_old', () => forgetJoinTokens(db, before))
    expect(await db.selectFrom('join_tokens').select('id').where('id', '=', old.id).execute()).toEqual([])
    expect(await db.selectFrom('members').select(['role', 'join_token']).execute()).toEqual([
      { role: 'cohost', join_token: null },
    ])
  })
})
