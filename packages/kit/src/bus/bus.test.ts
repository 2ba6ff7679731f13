import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMetrics } from '../metrics.ts'
import { eventually, freeze, startNats, type RunningServer } from '../testing/index.ts'
import { silentLog } from '../testing/silent-log.ts'
import { createMemoryBus } from './bus-memory.ts'
import { connectNatsBus } from './bus-nats.ts'
import { busContract } from './bus.contract.ts'

let nats: RunningServer
beforeAll(async () => void (nats = await startNats()))
afterAll(() => nats.stop())

const open = (url = nats.url) => connectNatsBus({ url, name: 'test', log: silentLog() })

busContract('the bus in memory', async () => createMemoryBus())
busContract('the bus over NATS', () => open())

describe('the bus over NATS when the server goes', () => {
  it('fails requests in flight at once, drops publishes, and works again after a restart', async () => {
    const first = await startNats()
    const bus = await open(first.url)
    const heard: string[] = []
    await bus.subscribe('news', (text) => void heard.push(text)).ready()
    await bus.respond('hang', 'q', (text) => (text === 'hang' ? sleep(3000, '') : Promise.resolve('fine'))).ready()
    const changes: boolean[] = []
    bus.onStatus((connected) => changes.push(connected))
    const pending = bus.request('hang', 'hang', 2900)
    pending.catch(() => {})
    await sleep(50)
    const killed = Date.now()
    first.kill('SIGKILL')
    await expect(pending).rejects.toMatchObject({ code: 'unavailable' })
    expect(Date.now() - killed).toBeLessThan(300)
    await expect(bus.request('hang', '', 1000)).rejects.toMatchObject({ code: 'unavailable' })
    bus.publish('news', 'lost')
    await expect(bus.subscribe('late', (text) => void heard.push(text)).ready()).rejects.toMatchObject({
      code: 'unavailable',
    })
    const second = await startNats({ port: first.port })
    await eventually(() => expect(bus.connected()).toBe(true), 8000)
    await eventually(async () => expect(await bus.request('hang', '', 500)).toBe('fine'))
    bus.publish('news', 'again')
    bus.publish('late', 'too')
    await eventually(() => expect(heard).toEqual(['again', 'too']))
    expect(changes).toEqual([false, true])
    await bus.close(500)
    await Promise.all([first.stop(), second.stop()])
  })

  it('times out on a frozen server and goes on when it thaws', async () => {
    const server = await startNats()
    const bus = await open(server.url)
    await bus.respond('echo', 'q', async (text) => text).ready()
    await freeze(server.pid)
    await expect(bus.request('echo', 'a', 300)).rejects.toMatchObject({ code: 'deadline-exceeded' })
    server.kill('SIGCONT')
    expect(await bus.request('echo', 'b', 1000)).toBe('b')
    await bus.close(500)
    await server.stop()
  })

  it('T8 knows within a second that a frozen server does not answer, whatever the deadline, and that it does again', async () => {
    const server = await startNats()
    const bus = await open(server.url)
    await bus.respond('slow', 'q', (text) => sleep(1_500, text)).ready()
    expect(await bus.request('slow', 'a', 3_000)).toBe('a')
    const changes: boolean[] = []
    bus.onStatus((connected) => changes.push(connected))
    await freeze(server.pid)
    await expect(bus.request('slow', 'b', 30_000)).rejects.toMatchObject({ code: 'unavailable' })
    await expect(bus.request('slow', 'c', 30_000)).rejects.toMatchObject({ code: 'unavailable' })
    expect(bus.connected()).toBe(false)
    server.kill('SIGCONT')
    await eventually(() => expect(changes).toEqual([false, true]))
    expect(await bus.request('slow', 'd', 3_000)).toBe('d')
    await bus.close(500)
    await server.stop()
  })

  it('T8 knows within a second that a frozen server does not take what is published, though nobody asks anything', async () => {
    const server = await startNats()
    const bus = await open(server.url)
    const heard: string[] = []
    await bus.subscribe('news', (text) => void heard.push(text)).ready()
    const changes: boolean[] = []
    bus.onStatus((connected) => changes.push(connected))
    await freeze(server.pid)
    bus.publish('news', 'while it is frozen')
    await eventually(() => expect(changes).toEqual([false]), 3_000)
    bus.publish('news', 'dropped')
    server.kill('SIGCONT')
    await eventually(() => expect(changes).toEqual([false, true]))
    bus.publish('news', 'after')
    await eventually(() => expect(heard).toEqual(['while it is frozen', 'after']))
    await bus.close(500)
    await server.stop()
  })

  it('T8 lets no more than 10,000 publishes and requests wait for a frozen server, and knows that some were lost', async () => {
    const server = await startNats()
    const lengths = new Map<string, () => number>()
    const metrics = {
      ...createMetrics(),
      queue: (name: string, length: () => number) => void lengths.set(name, length),
    }
    const bus = await connectNatsBus({ url: server.url, name: 'test', log: silentLog(), metrics })
    const lengthOf = (name: string) => lengths.get(name)?.() ?? Infinity
    const changes: boolean[] = []
    bus.onStatus((connected) => changes.push(connected))
    await freeze(server.pid)
    const asked = Array.from({ length: 10_500 }, () => bus.request('nobody', '', 30_000))
    expect(lengthOf('bus-requests')).toBe(10_000)
    await expect(Promise.all(asked.slice(10_000))).rejects.toMatchObject({ code: 'unavailable' })
    for (let count = 0; count < 30_000; count += 1) bus.publish('news', `${count}`)
    expect([bus.connected(), lengthOf('bus-publishes')]).toEqual([false, 10_000])
    const answers = await Promise.allSettled(asked)
    expect(answers.every(({ status }) => status === 'rejected')).toBe(true)
    server.kill('SIGCONT')
    await eventually(() => expect(changes).toEqual([false, true]))
    await eventually(() => expect([lengthOf('bus-publishes'), lengthOf('bus-requests')]).toEqual([0, 0]))
    await bus.close(500)
    await server.stop()
  })

  it('takes many publishes at once from a server that answers', async () => {
    const bus = await open()
    const changes: boolean[] = []
    let heard = 0
    await bus.subscribe('many', () => void (heard += 1)).ready()
    bus.onStatus((connected) => changes.push(connected))
    for (let count = 0; count < 9_000; count += 1) bus.publish('many', `${count}`)
    await eventually(() => expect(heard).toBe(9_000))
    expect(changes).toEqual([])
    await bus.close(500)
  })

  it('waits for a server that is not there yet', async () => {
    const gone = await startNats()
    await gone.stop()
    const opening = open(gone.url)
    await sleep(300)
    const server = await startNats({ port: gone.port })
    const bus = await opening
    expect(bus.connected()).toBe(true)
    await bus.close(500)
    await server.stop()
  })
})

it('P1 without echo a process hears others, not itself', async () => {
  const [quiet, other] = [
    await connectNatsBus({ url: nats.url, name: 'quiet', log: silentLog(), echo: false }),
    await open(),
  ]
  const heard: string[] = []
  await quiet.subscribe('room.*', (text) => void heard.push(text)).ready()
  quiet.publish('room.a', 'mine')
  await quiet.subscribe('other', () => {}).ready()
  other.publish('room.a', 'theirs')
  await eventually(() => expect(heard).toEqual(['theirs']))
  await Promise.all([quiet.close(500), other.close(500)])
})
