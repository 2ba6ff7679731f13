import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { withLock } from './lock.mjs'

const folder = mkdtempSync(join(tmpdir(), 'parley-lock-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('one at a time, over processes', async () => {
  const file = join(folder, 'one')
  const log = join(folder, 'log')
  const script = `
    import { withLock } from '${import.meta.dirname}/lock.mjs'
    import { appendFileSync } from 'node:fs'
    await withLock('${file}', async () => {
      appendFileSync('${log}', 'in ')
      await new Promise((resolve) => setTimeout(resolve, 50))
      appendFileSync('${log}', 'out ')
    })`
  const runs = Array.from({ length: 6 }, () => spawn(process.execPath, ['--input-type=module', '-e', script]))
  await Promise.all(runs.map((child) => new Promise((resolve) => child.once('exit', resolve))))
  expect(readFileSync(log, 'utf8')).toBe('in out '.repeat(6))
  expect(existsSync(file)).toBe(false)
})

it('takes the lock of a process that is gone, and one that nobody touches any more', async () => {
  const gone = spawn(process.execPath, ['-e', ''])
  await new Promise((resolve) => gone.once('exit', resolve))
  const file = join(folder, 'stale')
  writeFileSync(file, `${gone.pid} somebody`)
  expect(await withLock(file, async () => 'ours')).toBe('ours')

  writeFileSync(file, `${process.pid} a-process-that-got-the-id-of-the-owner`)
  utimesSync(file, new Date(0), new Date(0))
  expect(await withLock(file, async () => 'ours again')).toBe('ours again')
})

it('lets go when the work fails', async () => {
  const file = join(folder, 'failing')
  await expect(withLock(file, async () => Promise.reject(new Error('no network')))).rejects.toThrow('no network')
  expect(existsSync(file)).toBe(false)
})
