import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, freePort } from '@parley/kit/testing'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { Description } from './description.ts'

const folder = mkdtempSync(join(tmpdir(), 'parley-stack-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Run {
  child: ChildProcess
  exit: Promise<number | null>
  output(): string
  read(): Description
}

const running: Run[] = []
afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL')
  await Promise.all(running.splice(0).map(({ exit }) => exit))
})

function run(...args: string[]): Run {
  const file = join(folder, `${Math.random()}.json`)
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), '--json', file, ...args], {
    env: { ...process.env, NODE_ENV: 'test', BCRYPT_COST: '4' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const started = {
    child,
    exit,
    output: () => output,
    read: () => JSON.parse(readFileSync(file, 'utf8')) as Description,
  }
  running.push(started)
  return started
}

const ready = (stack: Run): Promise<Description> =>
  eventually(() => {
    if (stack.child.exitCode !== null) return Promise.reject(new Error(stack.output()))
    return stack.read()
  }, 50_000)

const pidsOf = ({ gateways, signaling, auth, meetings, chat, nats, redis, postgres }: Description): number[] =>
  [...gateways, ...signaling, ...auth, ...meetings, ...chat, nats, redis, postgres].map(({ pid }) => pid)

function alive(pids: readonly number[]): number[] {
  return pids.filter((pid) => {
    try {
      // A zombie whose parent has not asked for it yet is not alive.
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    } catch {
      return false
    }
  })
}

describe('npm run stack', () => {
  it('R7 starts every replica, describes them, brings nothing back, and takes all down on SIGTERM', async () => {
    const logs = join(folder, 'logs')
    const port = await freePort()
    const own = ['--server-port', `nats=${port}`, '--set', 'signaling-2:MAX_SOCKETS=7', '--set', 'chat:LOG_LEVEL=debug']
    const stack = run('--gateway', '2', '--signaling', '2', '--logs', logs, ...own)
    const description = await ready(stack)
    expect(description.nats.url).toMatch(new RegExp(`^nats://stack:\\w+@127.0.0.1:${port}$`))
    const settingOf = (name: string) => (env: readonly string[]) =>
      env.find((one) => one.startsWith(`${name}=`))?.split('=')[1]
    const environments = [...description.signaling, ...description.chat].map(({ pid }) =>
      readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0'),
    )
    expect(environments.map(settingOf('NATS_USER'))).toEqual(['signaling', 'signaling', 'chat'])
    // Each its own role at PostgreSQL; the address that is told to the outside is the owner's.
    expect(environments.map(settingOf('PGUSER'))).toEqual([undefined, undefined, 'postgres_chat'])
    expect(description.postgres.url).toMatch(/^postgres:\/\/postgres:\w+@127.0.0.1:\d+\/postgres$/)
    expect(environments.map((env) => env.filter((one) => /^(MAX_SOCKETS|LOG_LEVEL)=/.test(one)))).toEqual([
      [],
      ['MAX_SOCKETS=7'],
      ['LOG_LEVEL=debug'],
    ])
    expect([description.gateways.length, description.signaling.length, description.chat.length]).toEqual([2, 2, 1])
    for (const { url, id } of [...description.gateways, ...description.signaling]) {
      expect((await fetch(`${url}/readyz`)).status).toBe(200)
      expect(await (await fetch(`${url}/version`)).json()).toMatchObject({ instanceId: id })
    }
    expect(readdirSync(logs)).toContain('signaling-2.log')

    const victim = description.signaling[0]?.pid ?? 0
    process.kill(victim, 'SIGKILL')
    await eventually(() => expect(stack.output()).toContain('is gone, and stays so'))
    expect(alive(pidsOf(description))).toEqual(pidsOf(description).filter((pid) => pid !== victim))

    stack.child.kill('SIGTERM')
    expect(await stack.exit).toBe(0)
    expect(alive(pidsOf(description))).toEqual([])
  })

  it('brings back what was killed with --respawn, on the same addresses; and leaves nothing when it is killed itself', async () => {
    const stack = run('--respawn', '--logs', join(folder, 'logs-2'))
    const before = await ready(stack)
    const victims = [before.gateways[0]?.pid ?? 0, before.redis.pid, before.postgres.pid]
    for (const pid of victims) process.kill(pid, 'SIGKILL')
    const after = await eventually(() => {
      const now = stack.read()
      expect(alive(pidsOf(now)).length).toBe(pidsOf(now).length)
      expect(pidsOf(now).filter((pid) => victims.includes(pid))).toEqual([])
      return now
    }, 40_000)
    expect([after.gateways[0]?.url, after.redis.url, after.postgres.url]).toEqual([
      before.gateways[0]?.url,
      before.redis.url,
      before.postgres.url,
    ])
    await eventually(async () => expect((await fetch(`${after.gateways[0]?.url}/readyz`)).status).toBe(200), 20_000)

    stack.child.kill('SIGKILL')
    await eventually(() => expect(alive(pidsOf(after))).toEqual([]), 10_000)
  })

  it('tells where the master, the replica and the Sentinel of Redis are with --sentinel, and leaves none of them', async () => {
    const stack = run('--sentinel', '--logs', join(folder, 'logs-4'))
    const description = await ready(stack)
    const { master, replica, sentinel } = description.sentinel ?? {}
    expect(description.redis).toMatchObject({ pid: master?.pid, url: expect.stringMatching(/^redis-sentinel:/) })
    const pids = [master, replica, sentinel].map((one) => one?.pid ?? 0)
    expect(alive(pids)).toEqual(pids)
    stack.child.kill('SIGTERM')
    expect(await stack.exit).toBe(0)
    expect(alive(pids)).toEqual([])
  })

  it('V1 R11 starts Janus and TURN, tells the services of them, brings them back, and leaves none of them', async () => {
    const stack = run('--janus', '2', '--turn', '--media', '2', '--respawn', '--logs', join(folder, 'logs-5'))
    const { janus, turn, media, signaling } = await ready(stack)
    const settingsOf = ({ pid }: { pid: number }) => {
      const lines = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
      return Object.fromEntries(lines.map((line) => /^(\w+)=(.*)$/s.exec(line)?.slice(1) ?? []))
    }
    const [one, other] = media.map(settingsOf)
    expect(janus.map(({ id }) => id)).toEqual(['janus-1', 'janus-2'])
    expect(one?.['JANUS_SERVERS']).toBe(janus.map(({ id, url, adminUrl }) => `${id}=${url}|${adminUrl}`).join(','))
    expect([
      one?.['OBJECTS_DIR'],
      one?.['JANUS_RECORDINGS_DIR'],
      one?.['JANUS_ADMIN_KEY'],
      one?.['TURN_SECRET'],
    ]).toEqual([
      other?.['OBJECTS_DIR'],
      other?.['JANUS_RECORDINGS_DIR'],
      other?.['JANUS_ADMIN_KEY'],
      other?.['TURN_SECRET'],
    ])
    const [node] = signaling.map(settingsOf)
    expect(node?.['TURN_URLS']).toBe(`${turn?.url}?transport=udp,${turn?.url}?transport=tcp`)
    expect([node?.['JANUS_ADMIN_SECRET'], node?.['TURN_SECRET']]).toEqual([undefined, one?.['TURN_SECRET']])

    const victims = [janus[0]?.pid ?? 0, turn?.pid ?? 0]
    for (const pid of victims) process.kill(pid, 'SIGKILL')
    const after = await eventually(() => {
      const now = stack.read()
      const pids = [...now.janus.map(({ pid }) => pid), now.turn?.pid ?? 0]
      expect(alive(pids)).toEqual(pids)
      expect(pids.filter((pid) => victims.includes(pid))).toEqual([])
      return now
    }, 20_000)
    expect(after.janus.map(({ url, adminUrl }) => [url, adminUrl])).toEqual(
      janus.map(({ url, adminUrl }) => [url, adminUrl]),
    )
    expect(after.turn?.url).toBe(turn?.url)

    stack.child.kill('SIGTERM')
    expect(await stack.exit).toBe(0)
    expect(alive([...after.janus, ...(after.turn ? [after.turn] : [])].map(({ pid }) => pid))).toEqual([])
  })

  it('names the replica that did not become ready, with its last lines, and leaves nothing', async () => {
    const port = await freePort()
    const server = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1')
    const stack = run('--port', String(port), '--logs', join(folder, 'logs-3'))
    expect(await stack.exit).toBe(1)
    server.close()
    expect(stack.output()).toMatch(
      /The stack cannot start: gateway-1 \(pid \d+\) did not become ready: Error: it ended with code 1; its last lines:\n/,
    )
    expect(stack.output()).toContain(`gateway cannot start: port ${port} is in use`)
  })

  it('says what is wrong with an option', async () => {
    const stack = run('--chat', 'two')
    expect(await stack.exit).toBe(1)
    expect(stack.output()).toContain(
      'The stack cannot start: --chat two does not fit; expected an integer from 0 to 20',
    )
    const other = run('--set', 'chat')
    expect(await other.exit).toBe(1)
    expect(other.output()).toContain('--set chat does not fit; expected <replica>:<NAME>=<value>')
    const both = run('--sentinel', '--respawn')
    expect(await both.exit).toBe(1)
    expect(both.output()).toContain('--sentinel does not go with --respawn')
  })
})
