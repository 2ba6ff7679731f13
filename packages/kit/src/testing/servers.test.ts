import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { eventually, startNats, startPostgres, startRedis } from './index.ts'

const reachable = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy())
  })

describe('real servers for tests', () => {
  for (const [name, start] of Object.entries({ startNats, startRedis, startPostgres }))
    it(`${name}: starts, comes back on the same port after SIGKILL, and leaves nothing`, async () => {
      const first = await start()
      expect(await reachable(first.port)).toBe(true)
      first.kill('SIGKILL')
      await eventually(async () => expect(await reachable(first.port)).toBe(false))
      const second = await start({ port: first.port })
      expect([second.port, await reachable(first.port)]).toEqual([first.port, true])
      await Promise.all([first.stop(), second.stop()])
      expect([existsSync(first.dir), existsSync(second.dir), await reachable(first.port)]).toEqual([
        false,
        false,
        false,
      ])
    })

  it('keeps a PostgreSQL folder that was asked for, and starts on it again', async () => {
    const first = await startPostgres()
    first.kill('SIGQUIT')
    await eventually(async () => expect(await reachable(first.port)).toBe(false))
    const second = await startPostgres({ port: first.port, dir: first.dir })
    await second.stop()
    expect(existsSync(first.dir)).toBe(true)
    await first.stop()
    expect(existsSync(first.dir)).toBe(false)
  })

  it('go with their parent, even when it is killed', async () => {
    const script = `
      import { startNats } from '${import.meta.dirname}/index.ts'
      // A server keeps nobody alive.
      setInterval(() => {}, 1_000)
      console.log(JSON.stringify(await startNats()))`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const line = await new Promise<Buffer>((resolve) => parent.stdout.once('data', resolve))
    const { port, dir } = JSON.parse(String(line))
    expect(await reachable(port)).toBe(true)
    parent.kill('SIGKILL')
    await eventually(async () => expect([await reachable(port), existsSync(dir)]).toEqual([false, false]))
  })
})
