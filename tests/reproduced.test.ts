import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const [, table = ''] = readFileSync(join(root, 'docs/spec/attacks.md'), 'utf8').split('that were reproduced\n')
const rows = [
  ...table.matchAll(/^\| (X\d+[a-z]?|S\d+|complaint \d+) +\| ([^|]+?) +\| `([^`]+)`: “([^”]+)” +\|$/gm),
].map(([, id = '', what = '', file = '', name = '']) => ({ id, what, file, name }))
const lines = table.split('\n').filter((line) => line.startsWith('|')).length - 2

it('each attack and complaint that was reproduced names a test that exists', () => {
  expect(rows.length).toBeGreaterThan(40)
  expect(rows).toHaveLength(lines)
  const missing = rows.filter(({ file, name }) => {
    const path = join(root, file)
    return !existsSync(path) || !readFileSync(path, 'utf8').includes(name)
  })
  expect(missing).toEqual([])
})

it('each case X of the specification is in that table', () => {
  const cases = readFileSync(join(root, 'docs/spec/cases.md'), 'utf8')
  const ids = [...cases.matchAll(/^\| \*\*(X\d+[a-z]?)\*\*/gm)].map(([, id = '']) => id)
  expect(ids.length).toBeGreaterThan(20)
  const has = (id: string): boolean => rows.some((row) => row.id === id || row.id.replace(/[a-z]$/, '') === id)
  expect(ids.filter((id) => !has(id))).toEqual([])
})
