import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '@parley/kit/testing'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { aFolder, run } from '../process.fixture.ts'

const folders: string[] = []
const folder = (): string => {
  const made = aFolder()
  folders.push(made)
  return made
}
const running: ReturnType<typeof run>[] = []
const start = (...args: Parameters<typeof run>): ReturnType<typeof run> => {
  const started = run(['--port', '0', '--with-media', ...args[0]], args[1])
  running.push(started)
  return started
}
afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL')
  await Promise.all(running.splice(0).map(({ exit }) => exit))
})
afterAll(() => folders.forEach((one) => rmSync(one, { recursive: true, force: true })))

/** The servers whose parent is this process, by name. */
const childrenOf = (pid: number | undefined): Record<string, number> => {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').match(/\d+/g) ?? []
  const named = children.map((child) => [readFileSync(`/proc/${child}/comm`, 'utf8').trim(), Number(child)] as const)
  return Object.fromEntries(named.filter(([name]) => name === 'janus' || name === 'turnserver'))
}
const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe('npm start -- --with-media', () => {
  it('V1 R11 runs Janus and coturn beside the product, brings them back, and takes them with it', async () => {
    const data = folder()
    const product = start(['--data-dir', data])
    await product.ready()
    expect(product.stderr()).toMatch(/Media {15}SFU and recordings \(Janus\)\n {24}TURN at \d+\.\d+\.\d+\.\d+:\d+\n/)
    const secrets = join(data, 'media-secrets.json')
    expect(statSync(secrets).mode & 0o777).toBe(0o600)
    const first = childrenOf(product.child.pid)
    expect(Object.keys(first).sort()).toEqual(['janus', 'turnserver'])
    for (const pid of Object.values(first)) process.kill(pid, 'SIGKILL')
    const second = await eventually(() => {
      const now = childrenOf(product.child.pid)
      expect(Object.values(now).filter(isAlive)).toHaveLength(2)
      expect(Object.values(now).filter((pid) => Object.values(first).includes(pid))).toEqual([])
      return now
    }, 15_000)
    for (const value of Object.values(JSON.parse(readFileSync(secrets, 'utf8'))))
      expect(product.stdout() + product.stderr()).not.toContain(value)
    product.child.kill('SIGTERM')
    expect(await product.exit).toBe(0)
    expect(Object.values(second).filter(isAlive)).toEqual([])
  })

  it('says what to install where they are missing, goes on with mesh, and changes nothing', async () => {
    const data = folder()
    const product = start(['--data-dir', data], { env: { PATH: data } })
    await product.ready()
    expect(product.stderr()).toContain('mesh')
    expect(product.stderr()).toContain('apt-get install -y --no-install-recommends janus janus-tools ffmpeg coturn\n')
    expect(childrenOf(product.child.pid)).toEqual({})
  })

  it('refuses a file of secrets that was cut short, and shows nothing of it', async () => {
    const data = folder()
    writeFileSync(join(data, 'media-secrets.json'), '{"adminSecret": "0123456789abcdef')
    const product = start(['--data-dir', data], { env: { LOG_FORMAT: 'pretty' } })
    expect(await product.exit).toBe(1)
    expect(product.stderr()).toMatch(/^Parley cannot start: \S+ does not hold the secrets of media; delete it/)
    expect(product.stderr()).not.toContain('0123456789abcdef')
  })
})
