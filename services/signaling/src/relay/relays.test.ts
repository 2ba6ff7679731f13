import { setTimeout as sleep } from 'node:timers/promises'
import type { Relay } from '@parley/contracts'
import { connectNatsBus, createLogger, createMemoryBus, newId, systemClock, type Bus } from '@parley/kit'
import { eventually, freeze, startNats } from '@parley/kit/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { createLossyBus } from '../testing/lossy-bus.ts'
import { Relays } from './relays.ts'

const log = createLogger({ service: 'test', level: 'silent' })
const meetingId = newId()
const to = newId()
const ended: (() => void)[] = []
afterEach(() => ended.splice(0).forEach((end) => end()))

/** A node, with what it has received of others and whose relays it knows to be lost. */
function startNode(node: string, bus: Bus) {
  const relays = new Relays({ node, bus, clock: systemClock, log })
  const received: unknown[] = []
  const lost: string[] = []
  relays.start({
    deliver: ({ message }: Relay) => void received.push(message.payload),
    lost: (sender) => void lost.push(sender),
  })
  ended.push(() => relays.stop())
  const send = (other: string, payload: unknown) =>
    relays.pass(other, { meetingId, to, message: { type: 'rtc.signal', payload } })
  return { relays, received, lost, send }
}

function twoNodes() {
  const network = createMemoryBus({ log })
  const links = { a: createLossyBus(network), b: createLossyBus(network) }
  return { links, a: startNode('a', links.a.bus), b: startNode('b', links.b.bus) }
}

const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, at) => first + at)
const isRelay = (subject: string): boolean => subject.endsWith('.relay')
const sendAll = (send: (n: number) => void, numbers: readonly number[]): void => numbers.forEach((n) => send(n))

describe('C11 relays over a bus that loses', () => {
  it('P2 costs one publish and no question while nothing is lost', async () => {
    const { links, a, b } = twoNodes()
    const published: string[] = []
    links.a.lose((subject) => published.push(subject) === 0)
    sendAll((n) => a.send('b', n), upTo(50))
    await eventually(() => expect(b.received).toEqual(upTo(50)))
    expect(published).toEqual(Array(50).fill('node.b.relay'))
  })

  it('asks for what is missing between others, which wait for it', async () => {
    const { links, a, b } = twoNodes()
    links.a.lose((subject, text) => isRelay(subject) && /"payload":(3|4|7)\D/.test(text))
    sendAll((n) => a.send('b', n), upTo(20))
    await eventually(() => expect(b.received).toEqual(upTo(20)))
    expect(b.lost).toEqual([])
  })

  it('requests a lost first or last event once a later number shows that it exists', async () => {
    const { links, a, b } = twoNodes()
    links.a.lose(isRelay)
    sendAll((n) => a.send('b', n), upTo(5))
    await eventually(() => expect(b.received).toEqual(upTo(5)))
    sendAll((n) => a.send('b', n), upTo(9, 6))
    await eventually(() => expect(b.received).toEqual(upTo(9)))
    expect(b.lost).toEqual([])
  })

  it('delivers nothing twice, though it comes again and again', async () => {
    const { links, a, b } = twoNodes()
    links.a.lose((subject, text) => {
      const isLost = isRelay(subject) && Math.random() < 0.3
      if (isRelay(subject) && !isLost) for (let times = 0; times < 2; times += 1) links.b.bus.publish(subject, text)
      return isLost
    })
    sendAll((n) => a.send('b', n), upTo(300))
    await eventually(() => expect(b.received).toEqual(upTo(300)))
  })

  it.each(['a', 'b'] as const)(
    'loses nothing while the link of %s is down, though it takes a while to notice',
    async (which) => {
      const { links, a, b } = twoNodes()
      sendAll((n) => a.send('b', n), upTo(3))
      await eventually(() => expect(b.received).toHaveLength(3))
      links[which].cut()
      sendAll((n) => a.send('b', n), upTo(40, 4))
      links[which].notice()
      // News of something that has happened is taken even now.
      a.send('b', 41)
      await sleep(700)
      links[which].heal()
      a.send('b', 42)
      await eventually(() => expect(b.received).toEqual(upTo(42)))
      expect(b.lost).toEqual([])
    },
  )

  it('keeps 1,000 events: older ones are lost, which it reports, and the rest comes in order', async () => {
    const { links, a, b } = twoNodes()
    links.b.cut()
    links.b.notice()
    sendAll((n) => a.send('b', n), upTo(1_200))
    expect(a.relays.waiting.kept).toBe(1_000)
    await sleep(50)
    links.b.heal()
    a.send('b', 1_201)
    await eventually(() => expect(b.received).toEqual(upTo(1_201, 202)))
    expect(b.lost).toEqual(['a'])
  })

  it('keeps 1 MiB, and gives it back in parts that the bus takes', async () => {
    const { links, a, b } = twoNodes()
    const large = (n: number) => `${n} ${'x'.repeat(60_000)}`
    links.b.cut()
    sendAll((n) => a.send('b', large(n)), upTo(30))
    expect(a.relays.waiting.kept).toBe(17)
    links.b.notice()
    await sleep(50)
    links.b.heal()
    a.send('b', 'last')
    await eventually(() => expect(b.received).toEqual([...upTo(30, 14).map(large), 'last']))
  })

  it('waits half a second for a sender that is gone, then goes on without what is missing', async () => {
    const { links, a, b } = twoNodes()
    const other = startNode('c', links.b.bus)
    links.a.lose((subject, text) => isRelay(subject) && text.includes('"payload":2}'))
    sendAll((n) => a.send('b', n), upTo(5))
    links.a.cut()
    await eventually(() => expect(b.received).toEqual([1]))
    // Others are not kept waiting.
    other.send('b', 'of c')
    await eventually(() => expect(b.received).toEqual([1, 'of c']))
    expect(b.relays.waiting.held).toBe(3)
    await eventually(() => expect(b.received).toEqual([1, 'of c', 3, 4, 5]))
    expect(b.lost).toEqual(['a'])
    expect(b.relays.waiting.held).toBe(0)
  })

  it('takes what an older release sends, which has no numbers', async () => {
    const { links, b } = twoNodes()
    const old = { meetingId, to, message: { type: 'rtc.signal', payload: 'old' } }
    for (let times = 0; times < 2; times += 1) links.a.bus.publish('node.b.relay', JSON.stringify(old))
    await eventually(() => expect(b.received).toEqual(['old', 'old']))
  })
})

it('C11 T10 NATS is killed and started again twice: all that was taken arrives, in order and once', async () => {
  let nats = await startNats()
  const open = (name: string) => connectNatsBus({ url: nats.url, name, log, echo: false })
  const [busA, busB] = [await open('a'), await open('b')]
  const [a, b] = [startNode('a', busA), startNode('b', busB)]
  const taken: number[] = []
  let refused = 0
  const send = setInterval(() => {
    // As `sendTo` does it: what cannot be passed on is not acknowledged.
    if (!busA.connected()) return void (refused += 1)
    taken.push(taken.length + 1)
    a.send('b', taken.length)
  }, 2)
  for (let times = 0; times < 2; times += 1) {
    await sleep(600)
    // Relays given to it while it did not answer go with it.
    await freeze(nats.pid)
    await sleep(200)
    nats.kill('SIGKILL')
    await nats.stop()
    await sleep(300)
    nats = await startNats({ port: nats.port })
    await eventually(() => expect([busA.connected(), busB.connected()]).toEqual([true, true]), 10_000)
  }
  await sleep(300)
  clearInterval(send)
  await eventually(() => expect(b.received).toEqual(taken))
  expect(refused).toBeGreaterThan(0)
  expect(b.lost).toEqual([])
  ended.splice(0).forEach((end) => end())
  await Promise.all([busA.close(500), busB.close(500)])
  await nats.stop()
}, 60_000)
