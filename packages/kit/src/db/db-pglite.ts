import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PGliteDialect, sql } from 'kysely'
import { createGates } from '../gate.ts'
import type { DatabaseHost } from './db.ts'
import { lockFolder } from './folder-lock.ts'
import { int8, safeInteger } from './int8.ts'
import { traceSql } from './trace-sql.ts'

/**
 * PostgreSQL inside this process, kept in `dataDir` or in memory. It has one connection, shared by all services: Kysely
 * queues for it, so inside a transaction nothing but that transaction may be awaited.
 */
export async function openPglite({ dataDir }: { dataDir?: string }): Promise<DatabaseHost> {
  const unlock = dataDir === undefined ? () => {} : lockFolder(dataDir)
  const pglite = await open(dataDir).catch((error: unknown) => {
    unlock()
    throw error
  })
  const db = new Kysely<unknown>({ dialect: new PGliteDialect({ pglite }), ...traceSql() })
  const inTurn = createGates({ running: 1, waiting: 100, full: 'Too many migrations at once' })
  let closing: Promise<void> | undefined
  return {
    schema: <Tables>(name: string) => db.withSchema(name) as unknown as Kysely<Tables>,
    migrating: (work) => inTurn('migrations', () => work(db)),
    async ping() {
      try {
        await sql`select 1`.execute(db)
        return true
      } catch {
        return false
      }
    },
    close: () =>
      (closing ??= db
        .destroy()
        .then(() => (pglite.closed ? undefined : pglite.close()))
        .finally(unlock)),
  }
}

async function open(dataDir: string | undefined): Promise<PGlite> {
  const parsers = { [int8]: safeInteger }
  if (dataDir === undefined) return PGlite.create({ parsers })
  const folder = join(dataDir, 'postgres')
  mkdirSync(folder, { recursive: true })
  return PGlite.create({ dataDir: folder, parsers })
}
