import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/spec/shared-things.md'), 'utf8')

interface Source {
  path: string
  text: string
}

/** The code of the services and of the kit, without tests. */
const sources: readonly Source[] = ['services', 'packages/kit'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.includes('src/') && file.endsWith('.ts') && !file.includes('node_modules'))
    .filter((file) => !/\.(test|contract|fixture|suite)\.ts$|\/testing\//.test(file))
    .map((file) => join(root, folder, file))
    .map((path) => ({ path: relative(root, path), text: readFileSync(path, 'utf8') })),
)

const found = (pattern: RegExp): { path: string; name: string }[] =>
  sources.flatMap(({ path, text }) => [...text.matchAll(pattern)].map(([, name = '']) => ({ path, name })))
/** The texts in backticks on the page. */
const named = new Set([...page.matchAll(/`([^`]+)`/g)].map(([, name]) => name))

/** The rows of a section's table, as cells. */
function rowsOf(section: string): string[][] {
  const [, text = ''] = page.split(`## ${section}\n`)
  const lines = (text.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** Dropped by a later migration. */
const gone = new Set(['idempotency'])

describe('shared things', () => {
  it.each([
    ['limits of the services', /\.(?:limiter|distinct)\(\{\s*name: '([^']+)'/g, (name: string) => name],
    ['limits of the gateway', /\blimit\('([^']+)'/g, (name: string) => `gateway:${name}`],
  ])('S6 each of the %s is on the page', (_what, pattern, nameOf) => {
    const names = found(pattern).map(({ name }) => nameOf(name))
    expect(names.length).toBeGreaterThan(4)
    expect(names.filter((name) => !named.has(name))).toEqual([])
  })

  it('X13 each queue, and each thing with places, is on the page with the file that keeps it', () => {
    const kept = found(
      /(?<!function |import \{ )\b(createKeyedSemaphores|createSemaphore|createFairGate|createPlaces|createBcryptPool)\((?!options\))/g,
    )
    const files = new Set(
      kept.map(({ path }) => path).filter((path) => path !== 'services/auth/src/passwords/bcrypt-pool.ts'),
    )
    // The pool is made where the service is put together.
    files.delete('services/auth/src/compose.ts')
    expect(files.size).toBeGreaterThan(6)
    expect([...files].filter((path) => !named.has(path))).toEqual([])
  })

  it('X34 X3 each pace that clients are held to is on the page with the file that keeps it', () => {
    const kept = found(/export function (create(?:FairRate|ReadingPace))\(/g).map(({ path }) => path)
    expect(kept).toHaveLength(2)
    expect(kept.filter((path) => !named.has(path))).toEqual([])
  })

  it('each table is on the page, with its sweeper', () => {
    // The kit, and Kysely, make tables of their own in each schema.
    const tables = [
      ...found(/create table (?:if not exists )?([a-z_]+)/g).map(({ name }) => name),
      'migration_floor',
      'migration',
      'migration_lock',
    ]
    const swept = new Map(
      rowsOf('Tables').flatMap(([names = '', , by = '']) =>
        [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => [name, by] as const),
      ),
    )
    expect(tables.length).toBeGreaterThan(20)
    expect(tables.filter((table) => !gone.has(table) && (swept.get(table) ?? '') === '')).toEqual([])
    expect([...swept.keys()].filter((table) => !tables.includes(table))).toEqual([])
  })

  it('each file that writes keys is on the page', () => {
    const writers = new Set(found(/\bkv\.(set|setIfAbsent|announce)\(/g).map(({ path }) => path))
    expect(writers.size).toBeGreaterThan(2)
    expect([...writers].filter((path) => !named.has(path))).toEqual([])
  })

  it.each(['Places', 'Queues', 'Limits in time'])(
    'each row of "%s" names a test that exists and carries its id',
    (section) => {
      const rows = rowsOf(section)
      expect(rows.length).toBeGreaterThan(5)
      const wrong = rows.flatMap((cells) => {
        const [, id = '', file = ''] = /^(\S+) `([^`]+)`$/.exec(cells.at(-1) ?? '') ?? []
        if (!existsSync(join(root, file)) || file === '') return [`${cells[0]}: there is no ${file || 'test'}`]
        const text = readFileSync(join(root, file), 'utf8')
        return id === '–' || text.includes(id) ? [] : [`${cells[0]}: ${file} has no ${id}`]
      })
      expect(wrong).toEqual([])
    },
  )

  it('each file that is named exists', () => {
    const files = [...named].filter((name): name is string => /^(services|packages|tests)\/.*\.ts$/.test(name ?? ''))
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([])
  })
})
