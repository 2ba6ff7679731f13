import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql, type Generated, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMetrics } from '../metrics.ts'
import { freeze } from '../testing/freeze.ts'
import { startPostgres, type RunningServer } from '../testing/servers.ts'
import { silentLog } from '../testing/silent-log.ts'
import { makePgliteTemplate } from './db-pglite.ts'
import { json, openDatabase, type DatabaseHost } from './db.ts'
import { asProblem, isUniqueViolation } from './errors.ts'
import { lockFolder } from './folder-lock.ts'
import { indexConcurrently, migrate, readStatus, type ServiceMigration } from './migrate.ts'
import { prepared } from './prepared.ts'

interface Tables {
  thing: { id: Generated<number>; name: string; at: Generated<Date>; tags: unknown }
}
const first: Migration = {
  async up(db) {
    await db.schema
      .createTable('thing')
      .addColumn('id', 'bigint', (column) => column.primaryKey().generatedAlwaysAsIdentity())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addColumn('tags', 'jsonb')
      .addUniqueConstraint('thing_name', ['name'])
      .execute()
  },
}
/** Raw: it finds the schema by the search path. */
const second: Migration = { up: async (db) => void (await sql`create index thing_at on thing (at)`.execute(db)) }

function suite(name: string, open: () => Promise<DatabaseHost>): void {
  describe(name, () => {
    let host: DatabaseHost
    beforeAll(async () => {
      host = await open()
      await migrate(host, { schema: 'shop', migrations: { '001-first': first } })
    }, 30_000)
    afterAll(() => host.close())
    const db = () => host.schema<Tables>('shop')
    const insert = (thing: string) =>
      db().insertInto('thing').values({ name: thing, tags: null }).returningAll().executeTakeFirstOrThrow()

    test('int8 and counts are numbers, timestamptz is a Date', async () => {
      const row = await insert('types')
      expect([typeof row.id, row.at instanceof Date]).toEqual(['number', true])
      const { count } = await db()
        .selectFrom('thing')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow()
      expect(count).toBe(1)
      await expect(sql`select 9007199254740993::int8`.execute(db())).rejects.toThrow('does not fit a number')
      expect((await sql`select 1.5::numeric as n, null::int8 as none`.execute(db())).rows[0]).toEqual({
        n: '1.5',
        none: null,
      })
    })

    test('a Date goes in and comes back to the millisecond', async () => {
      const at = new Date('2026-02-03T04:05:06.789Z')
      const row = await db()
        .insertInto('thing')
        .values({ name: 'time', at, tags: null })
        .returning('at')
        .executeTakeFirstOrThrow()
      expect(row.at.toISOString()).toBe(at.toISOString())
    })

    test.each([[{ a: [1, 'x'] }], [['a', 'b']], ['text'], [5], [null], [true]])('jsonb keeps %j', async (value) => {
      const { rows } = await sql<{ v: unknown }>`select ${json(value)} as v`.execute(db())
      expect(rows[0]?.v).toEqual(value)
    })

    test('a transaction is all or nothing, and others do not fall into it', async () => {
      const failed = db()
        .transaction()
        .execute(async (trx) => {
          await trx.insertInto('thing').values({ name: 'gone', tags: null }).execute()
          throw new Error('no')
        })
      const beside = insert('beside')
      await expect(failed).rejects.toThrow('no')
      await beside
      const names = await db().selectFrom('thing').select('name').where('name', 'in', ['gone', 'beside']).execute()
      expect(names).toEqual([{ name: 'beside' }])
    })

    test('a unique violation is told by its constraint', async () => {
      await insert('twice')
      const error: unknown = await insert('twice').catch((caught: unknown) => caught)
      expect([isUniqueViolation(error, 'thing_name'), isUniqueViolation(error, 'other'), asProblem(error)]).toEqual([
        true,
        false,
        null,
      ])
      expect((await insert('after')).name).toBe('after')
    })

    test('a prepared query answers for its values, in a transaction too, and after a column was added', async () => {
      const schema = 'prepared'
      const migrations: Record<string, Migration> = { '001-first': first }
      await migrate(host, { schema, migrations })
      const shop = host.schema<Tables>(schema)
      const named = prepared('named', (at: Kysely<Tables>, { name: wanted, after }: { name: string; after: Date }) =>
        at.selectFrom('thing').select(['name', 'tags']).where('name', '=', wanted).where('at', '>', after),
      )
      const row = (of: string) => ({ name: of, tags: json([of]) })
      await shop
        .insertInto('thing')
        .values([row('a'), row('b')])
        .execute()
      const after = new Date(0)
      expect(await named(shop, { name: 'a', after })).toEqual([{ name: 'a', tags: ['a'] }])
      expect(await shop.transaction().execute((trx) => named(trx, { name: 'b', after }))).toEqual([
        { name: 'b', tags: ['b'] },
      ])
      expect(await named(shop, { name: 'a', after: new Date('2999-01-01') })).toEqual([])
      await sql`alter table prepared.thing add column more text`.execute(shop)
      expect(await named(shop, { name: 'a', after })).toEqual([{ name: 'a', tags: ['a'] }])
      const { rows } = await sql`select name from pg_prepared_statements where name = 'named'`.execute(shop)
      expect(rows).toEqual(name === 'PostgreSQL' ? [{ name: 'named' }] : [])
    })

    test('S29: what looks like SQL is a value', async () => {
      const evil = `'); drop table thing; --`
      expect((await insert(evil)).name).toBe(evil)
    })

    test('migrations run once, in order, each in the schema; a new one is added', async () => {
      const both = { '001-first': first, '002-second': second }
      await migrate(host, { schema: 'shop', migrations: both })
      await migrate(host, { schema: 'shop', migrations: both })
      const { rows } = await sql`select schemaname from pg_indexes where indexname = 'thing_at'`.execute(db())
      expect(rows).toEqual([{ schemaname: 'shop' }])
    })

    test('two replicas may migrate at once', async () => {
      const at = { schema: 'both', migrations: { '001-first': first, '002-second': second } }
      await Promise.all([migrate(host, at), migrate(host, at), migrate(host, at)])
    })

    test('a newer database that states no floor is refused by name', async () => {
      await migrate(host, { schema: 'later', migrations: { '001-first': first, '002-second': second } })
      // As before there were floors.
      await sql`drop table later.migration_floor`.execute(db())
      await expect(migrate(host, { schema: 'later', migrations: { '001-first': first } })).rejects.toThrow(
        'the database is newer than this version of Parley (schema later has migration 002-second)',
      )
    })

    test('O22 older code runs on a newer schema while it knows the floor, and is refused by name below it', async () => {
      const schema = 'floors'
      const addColumn: ServiceMigration = {
        up: async (trx) => void (await sql`alter table thing add column more text`.execute(trx)),
      }
      const dropColumn: ServiceMigration = {
        floor: '002-expand',
        up: async (trx) => void (await sql`alter table thing drop column tags`.execute(trx)),
      }
      const v1 = { '001-first': first }
      const v2 = { ...v1, '002-expand': addColumn }
      const v3 = { ...v2, '003-contract': dropColumn }
      await migrate(host, { schema, migrations: v2 })
      expect(await migrate(host, { schema, migrations: v1 })).toEqual({ newer: ['002-expand'] })
      await migrate(host, { schema, migrations: v3 })
      expect(await migrate(host, { schema, migrations: v2 })).toEqual({ newer: ['003-contract'] })
      await expect(migrate(host, { schema, migrations: v1 })).rejects.toThrow(
        'schema floors has migration 003-contract, and 003-contract needs code that knows 002-expand',
      )
      await expect(migrate(host, { schema, migrations: { ...v2, '0025-other': addColumn } })).rejects.toThrow(
        'of another line of development',
      )
      expect(await readStatus(host, { schema, migrations: v2 })).toEqual({
        ran: ['001-first', '002-expand'],
        pending: [],
        newer: ['003-contract'],
      })
    })

    test('each migration has a transaction of its own: what one locks is free while the next runs', async () => {
      const seen: boolean[] = []
      const locks: Migration = {
        up: async (trx) => void (await sql`alter table thing add column more text`.execute(trx)),
      }
      const looks: Migration = {
        async up(trx) {
          const { rows } = await sql`select 1 from pg_locks l join pg_class c on c.oid = l.relation
            where c.relname = 'thing' and l.mode = 'AccessExclusiveLock'`.execute(trx)
          seen.push(rows.length > 0)
        },
      }
      const migrations = { '001-first': first, '002-locks': locks, '003-looks': looks }
      await migrate(host, { schema: 'locks', migrations })
      expect(seen).toEqual([false])
    })

    test('an index is made concurrently, once, by replicas that start at once, also after one that was broken off', async () => {
      const on = sql`made.thing (at)`
      const migrations = {
        '001-first': first,
        '002-index': indexConcurrently({ schema: 'made', name: 'thing_made' }, on),
      }
      await migrate(host, { schema: 'made', migrations: { '001-first': first } })
      await sql`create index thing_made on made.thing (name)`.execute(db())
      const at = { schema: 'made', migrations }
      await Promise.all([migrate(host, at), migrate(host, at), migrate(host, at)])
      const { rows } = await sql<{
        indexdef: string
      }>`select indexdef from pg_indexes where schemaname = 'made' and indexname = 'thing_made'`.execute(db())
      expect(rows[0]?.indexdef).toContain('(at)')
    })

    test('a migration that fails leaves nothing behind, and is named', async () => {
      const broken: Migration = {
        up: async (trx) => void (await sql`create table half (id int)`.execute(trx), await sql`nonsense`.execute(trx)),
      }
      await expect(migrate(host, { schema: 'broken', migrations: { '001-broken': broken } })).rejects.toThrow(
        /^cannot migrate schema broken \(001-broken\): syntax error at or near "nonsense"$/,
      )
      const { rows } = await sql`select 1 from pg_tables where tablename = 'half'`.execute(db())
      expect([rows, await host.ping()]).toEqual([[], true])
    })
  })
}

let postgres: RunningServer
beforeAll(async () => {
  postgres = await startPostgres()
}, 60_000)
afterAll(() => postgres.stop())

suite('PostgreSQL', () => openDatabase({ url: postgres.url }, { log: silentLog() }))
suite('PGlite in memory', () => openDatabase({}, { log: silentLog() }))

describe('a folder', () => {
  const folders: string[] = []
  const folder = () => {
    const dir = mkdtempSync(join(tmpdir(), 'parley-db-'))
    folders.push(dir)
    return dir
  }
  afterAll(() => folders.forEach((dir) => rmSync(dir, { recursive: true, force: true })))

  test('O21 begins with a copy of the template, and not where a database is', async () => {
    const [dataDir, parent] = [folder(), folder()]
    const template = join(parent, 'template.tar.gz')
    await makePgliteTemplate(template)
    const unpacked = join(dataDir, 'postgres', 'PG_VERSION')
    const opened = async (): Promise<boolean> => {
      const host = await openDatabase({ dataDir, template }, { log: silentLog() })
      const answers = await host.ping()
      await host.close()
      return answers
    }
    expect(await opened()).toBe(true)
    // Of the template, not of a database that was initialised: tar keeps the times.
    expect(statSync(unpacked).mtimeMs).toBeLessThan(statSync(template).mtimeMs)
    writeFileSync(template, 'not read again')
    expect(await opened()).toBe(true)
  }, 60_000)

  test('O21 initialises a database in less than 900 MB where memory is to be spared; otherwise it takes 1.2 GB', () => {
    const db = JSON.stringify(join(import.meta.dirname, 'db-pglite.ts'))
    const make = `const { openPglite } = await import(${db}); const host = await openPglite({ spareMemory: true })`
    const script = `${make}; await host.ping(); console.log(process.resourceUsage().maxRSS); process.exit()`
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    expect(Number(printed) / 1024).toBeGreaterThan(100)
    expect(Number(printed) / 1024).toBeLessThan(900)
  }, 60_000)

  test('keeps the data, and is for one process', async () => {
    const dataDir = folder()
    const host = await openDatabase({ dataDir }, { log: silentLog() })
    await migrate(host, { schema: 'shop', migrations: { '001-first': first } })
    await expect(openDatabase({ dataDir }, { log: silentLog() })).rejects.toThrow(
      `folder ${dataDir} is in use by process ${process.pid}`,
    )
    await host.schema<Tables>('shop').insertInto('thing').values({ name: 'kept', tags: null }).execute()
    await host.close()
    await host.close()
    const again = await openDatabase({ dataDir }, { log: silentLog() })
    expect(await again.schema<Tables>('shop').selectFrom('thing').select('name').execute()).toEqual([{ name: 'kept' }])
    await again.close()
    expect(await again.ping()).toBe(false)
  }, 30_000)

  test('is free again when its process was killed', async () => {
    const dir = folder()
    const lock = JSON.stringify(join(import.meta.dirname, 'folder-lock.ts'))
    const take = `const { lockFolder } = await import(${lock}); lockFolder(${JSON.stringify(dir)})`
    const script = `${take}; console.log('held'); setInterval(() => {}, 1000)`
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise((resolve) => holder.stdout.once('data', resolve))
    expect(() => lockFolder(dir)).toThrow(`is in use by process ${holder.pid}`)
    holder.kill('SIGKILL')
    await new Promise((resolve) => holder.once('exit', resolve))
    const unlock = lockFolder(dir)
    unlock()
  })
})

async function ask(away: DatabaseHost): Promise<unknown> {
  try {
    return await sql`select 1`.execute(away.schema('x'))
  } catch (error) {
    return error
  } finally {
    await away.close()
  }
}

describe('PostgreSQL that is away', () => {
  test('is unavailable within its time limits, and comes back', async () => {
    const host = await openDatabase({ url: postgres.url }, { log: silentLog() })
    const db = host.schema<Tables>('shop')
    expect(await host.ping()).toBe(true)
    const late: unknown = await sql`select pg_sleep(10)`.execute(db).catch((error: unknown) => error)
    expect(asProblem(late)?.code).toBe('unavailable')
    const away = await openDatabase({ url: 'postgres://x@127.0.0.1:1/x' }, { log: silentLog() }).catch(
      (error: unknown) => error,
    )
    const refused: unknown = away instanceof Error ? away : await ask(away as DatabaseHost)
    expect(asProblem(refused)?.code).toBe('unavailable')
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and application_name = 'parley'`.execute(
      db,
    )
    expect(await host.ping()).toBe(true)
    await host.close()
  }, 20_000)

  test('lets no more than 10,000 queries wait for a connection, and refuses the others at once', async () => {
    const lengths = new Map<string, () => number>()
    const metrics = {
      ...createMetrics(),
      queue: (name: string, length: () => number) => void lengths.set(name, length),
    }
    const host = await openDatabase({ url: postgres.url, maxConnections: 1 }, { log: silentLog(), metrics })
    const db = host.schema('x')
    await host.ping()
    const busy = sql`select pg_sleep(1)`.execute(db)
    const queries = Array.from({ length: 10_500 }, () => sql`select 1`.execute(db))
    const answers = Promise.allSettled(queries)
    await busy
    expect(lengths.get('database')?.()).toBeLessThanOrEqual(10_000)
    const refused = (await answers).filter(({ status }) => status === 'rejected')
    expect(refused.length).toBeGreaterThanOrEqual(500)
    for (const one of refused) expect(asProblem('reason' in one ? one.reason : null)?.code).toBe('unavailable')
    expect(lengths.get('database')?.()).toBe(0)
    expect(await host.ping()).toBe(true)
    await host.close()
  }, 20_000)

  test('frozen: a query gives up, and its connection is not used again', async () => {
    const host = await openDatabase({ url: postgres.url, maxConnections: 1 }, { log: silentLog() })
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(host.schema('x'))
    const pid = rows[0]?.pid ?? 0
    await freeze(pid)
    const from = Date.now()
    const error: unknown = await sql`select 1`.execute(host.schema('x')).catch((caught: unknown) => caught)
    expect([asProblem(error)?.code, Date.now() - from < 4000]).toEqual(['unavailable', true])
    expect(await host.ping()).toBe(true)
    process.kill(pid, 'SIGCONT')
    await host.close()
  }, 20_000)
})
