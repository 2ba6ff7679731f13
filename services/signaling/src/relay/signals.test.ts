import { setTimeout as sleep } from 'node:timers/promises'
import { connectNatsBus, createLogger, createMemoryBus, createMemoryKv, type Bus } from '@parley/kit'
import { eventually, freeze, startNats } from '@parley/kit/testing'
import { expect, it } from 'vitest'
import { aMeeting, startNodes } from '../testing/harness.ts'
import { createLossyBus } from '../testing/lossy-bus.ts'

const log = createLogger({ service: 'test', level: 'silent' })
type Joined = Awaited<ReturnType<Awaited<ReturnType<typeof startNodes>>['join']>>
const signalsOf = ({ client }: Joined): unknown[] => client.of('rtc.signal').map(({ payload }) => payload['data'])

it('C11 R8 T10 signals between nodes while NATS is killed and started again: those acknowledged arrive, in order and once', async () => {
  let nats = await startNats()
  const open = (name: string) => connectNatsBus({ url: nats.url, name, log, echo: false })
  const buses: [Bus, Bus, Bus] = [await open('one'), await open('two'), await open('others')]
  const kv = createMemoryKv({ log })
  const product = await startNodes(2, { bus: buses[2], kv, busOf: (node) => buses[node] ?? buses[2] })
  const meeting = aMeeting()
  const ada = await product.join(0, meeting, 'Ada')
  const ben = await product.join(1, meeting, 'Ben')
  await ada.client.waitFor('participant.joined')
  const acknowledged: number[] = []
  const refusals = new Set<unknown>()
  let over = false
  const sending = (async () => {
    for (let n = 1; !over; n += 1) {
      const { type, payload } = await ada.client.ask('rtc.signal', { to: ben.id, data: n })
      if (type === 'ack') acknowledged.push(n)
      else refusals.add(`${String(payload['code'])} ${String(payload['retryable'])}`)
      await sleep(25)
    }
  })()
  for (let times = 0; times < 2; times += 1) {
    await sleep(500)
    // Signals given to it while it did not answer go with it.
    await freeze(nats.pid)
    await sleep(200)
    nats.kill('SIGKILL')
    await nats.stop()
    await sleep(200)
    nats = await startNats({ port: nats.port })
    await eventually(() => expect(buses.map((bus) => bus.connected())).toEqual([true, true, true]), 10_000)
  }
  await sleep(500)
  over = true
  await sending
  await eventually(() => expect(signalsOf(ben)).toEqual(acknowledged))
  expect([...refusals]).toEqual(['unavailable true'])
  for (const { client } of [ada, ben]) client.close()
  await product.stop()
  await Promise.all(buses.map((bus) => bus.close(500)))
  await nats.stop()
}, 60_000)

it('C11 a mute while the bus is down succeeds, and the muted participant hears of it when the bus is back', async () => {
  const network = createMemoryBus({ log })
  const links = [createLossyBus(network), createLossyBus(network)]
  const kv = createMemoryKv({ log })
  const product = await startNodes(2, { bus: network, kv, busOf: (node) => links[node]?.bus ?? network })
  const meeting = aMeeting()
  const host = await product.join(0, meeting, 'Hedy', 'host')
  const ben = await product.join(1, meeting, 'Ben')
  await host.client.waitFor('participant.joined')
  links[0]?.cut()
  links[0]?.notice()
  const signal = await host.client.ask('rtc.signal', { to: ben.id, data: 1 })
  expect(signal.payload).toMatchObject({ code: 'unavailable', retryable: true })
  expect(await host.client.ask('moderation.mute', { participantId: ben.id, kind: 'mic' })).toMatchObject({
    type: 'ack',
  })
  links[0]?.heal()
  expect((await ben.client.waitFor('moderation.muted')).payload).toMatchObject({ kind: 'mic', by: host.id })
  expect(signalsOf(ben)).toEqual([])
  for (const { client } of [host, ben]) client.close()
  await product.stop()
}, 20_000)

it('C11 R8 signals that are lost for good are told with the next resume', async () => {
  const network = createMemoryBus({ log })
  const links = [createLossyBus(network), createLossyBus(network)]
  const kv = createMemoryKv({ log })
  const product = await startNodes(2, { bus: network, kv, busOf: (node) => links[node]?.bus ?? network })
  const meeting = aMeeting()
  const ada = await product.join(0, meeting, 'Ada')
  const ben = await product.join(1, meeting, 'Ben')
  await ada.client.waitFor('participant.joined')
  // The node of Ada loses one, and is not reached by questions.
  links[0]?.lose((subject, text) => subject.endsWith('.relay-again') || text.includes('"data":"lost"'))
  await ada.client.ask('rtc.signal', { to: ben.id, data: 'lost' })
  await ada.client.ask('rtc.signal', { to: ben.id, data: 'second' })
  await eventually(() => expect(signalsOf(ben)).toEqual(['second']))
  ben.client.drop()
  const client = await product.connect(1, ben.token)
  const { sessionId, resumeToken, v } = ben.joined
  const resumed = await client.ask('room.resume', { sessionId, resumeToken, v, signalSeq: 1 })
  expect(resumed.payload).toMatchObject({ signals: [], signalsLost: true })
  client.close()
  for (const { client } of [ada, ben]) client.close()
  await product.stop()
}, 20_000)
