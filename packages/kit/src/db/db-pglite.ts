import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PGliteDialect, sql } from 'kysely'
import { createKeyedSemaphores } from '../semaphore.ts'
import type { DatabaseHost } from './db.ts'
import { lockFolder } from './folder-lock.ts'
import { int8, safeInteger } from './int8.ts'
import { traceSql } from './trace-sql.ts'

export interface PgliteOptions {
  dataDir?: string | undefined
  /** A packed folder of an empty database, made by `makePgliteTemplate`, to begin with: initialising one needs 600 MB. */
  template?: string | undefined
  /** Whether to do without what makes queries quicker and takes 550 MB for a moment; by default, where the process may not have it. */
  spareMemory?: boolean | undefined
}

/**
 * PostgreSQL inside this process, kept in `dataDir` or in memory. It has one connection, shared by all services: Kysely
 * queues for it, so inside a transaction nothing but that transaction may be awaited.
 */
export async function openPglite(options: PgliteOptions): Promise<DatabaseHost> {
  const { dataDir, template } = options
  if (options.spareMemory ?? isSmall()) spareMemory()
  const unlock = dataDir === undefined ? () => {} : lockFolder(dataDir)
  const pglite = await open(dataDir, template).catch((error: unknown) => {
    unlock()
    throw error
  })
  const db = new Kysely<unknown>({ dialect: new PGliteDialect({ pglite }), ...traceSql() })
  const migrationQueue = createKeyedSemaphores({ running: 1, waiting: 100, full: 'Too many migrations at once' })
  let closing: Promise<void> | undefined
  return {
    schema: <Tables>(name: string) => db.withSchema(name) as unknown as Kysely<Tables>,
    migrating: (work) => migrationQueue('migrations', () => work(db)),
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

async function open(dataDir: string | undefined, template: string | undefined): Promise<PGlite> {
  const parsers = { [int8]: safeInteger }
  if (dataDir === undefined) return PGlite.create({ parsers })
  const folder = join(dataDir, folderName)
  if (template !== undefined && existsSync(template) && !existsSync(folder)) unpackWhole(template, folder)
  mkdirSync(folder, { recursive: true })
  return PGlite.create({ dataDir: folder, parsers })
}

const folderName = 'postgres'

/** A database that was broken off in the middle is not taken for one. */
function unpackWhole(from: string, to: string): void {
  const half = `${to}.part`
  rmSync(half, { recursive: true, force: true })
  mkdirSync(half, { recursive: true })
  execFileSync('tar', ['-xzf', from, '-C', half], { stdio: 'pipe' })
  renameSync(half, to)
}

/** Makes a packed folder of an empty database, for `template`: 4.5 MB. */
export async function makePgliteTemplate(file: string): Promise<void> {
  if (isSmall()) spareMemory()
  const folder = mkdtempSync(join(tmpdir(), 'parley-template-'))
  try {
    const pglite = await PGlite.create({ dataDir: folder })
    await pglite.close()
    execFileSync('tar', ['-czf', file, '-C', folder, '.'], { stdio: 'pipe' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const enoughBytes = 2 * 1024 ** 3

/** Whether this process may have less than a machine of today has, as in a small container. */
function isSmall(): boolean {
  const limit = process.constrainedMemory()
  return Math.min(totalmem(), limit > 0 ? limit : Number.POSITIVE_INFINITY) < enoughBytes
}

/**
 * V8 optimises PostgreSQL's hot functions, which takes 550 MB for a moment and makes a query about twice as fast. From now on it does not
 * try. Both flags are needed: `--liftoff-only` implies them on the command line, and does nothing once V8 runs.
 */
function spareMemory(): void {
  setFlagsFromString('--no-wasm-tier-up')
  setFlagsFromString('--no-wasm-dynamic-tiering')
}
