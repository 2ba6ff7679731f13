import { createLogger, migrate, openDatabase, type DatabaseHost } from '@parley/kit'
import { eventually, startPostgres, type RunningServer } from '@parley/kit/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrations } from '../migrations/index.ts'
import type { Tables } from '../tables.ts'
import { sweeps, type SweepTimes } from './store.ts'

const log = createLogger({ service: 'guests-test', level: 'silent' })
let postgres: RunningServer
let host: DatabaseHost
beforeAll(async () => {
  postgres = await startPostgres()
  host = await openDatabase({ url: postgres.url }, { log })
  await migrate(host, { schema: 'auth', migrations })
}, 60_000)
afterAll(async () => {
  await host.close()
  await postgres.stop()
})

it('X36 guests that cannot come back are found by an index, however many others there are', async () => {
  const fill = (count: number, key: boolean, days: number) =>
    host.migrating((admin) =>
      sql`insert into auth.users (id, kind, name, guest_key, created_at, updated_at)
        select gen_random_uuid(), 'guest', 'G', ${key ? sql`gen_random_uuid()::text` : sql`null`},
          now() - interval '1 day' * ${sql.lit(days)}, now()
        from generate_series(1, ${sql.lit(count)})`.execute(admin),
    )
  await fill(30_000, true, 3)
  await fill(2_000, false, 0)
  await fill(30, false, 3)
  await host.migrating((admin) => sql`analyze`.execute(admin))
  const db = host.schema<Tables>('auth')
  const read = async () => {
    const { rows } = await sql<{ name: string; read: number }>`
      select indexrelname as name, idx_tup_read as read from pg_stat_user_indexes where relname = 'users'`.execute(db)
    return new Map(rows.map(({ name, read: count }) => [name, count]))
  }
  const before = await read()
  const twoDaysAgo = new Date(Date.now() - 2 * 24 * 3_600_000)
  expect(await sweeps.guests(db, { guestsBefore: twoDaysAgo } as SweepTimes)).toBe(30)
  // The server counts with a delay.
  await eventually(async () => {
    const after = await read()
    expect(after.get('users_passing_guests')).toBeGreaterThan(0)
    for (const [name, count] of after) expect(count - (before.get(name) ?? 0), name).toBeLessThan(3_000)
  }, 10_000)
})
