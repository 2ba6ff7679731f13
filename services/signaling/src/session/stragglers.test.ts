import { signalingBus } from '@parley/contracts'
import {
  request,
  at,
  createLogger,
  createMemoryBus,
  createMemoryKv,
  ProblemError,
  publish,
  type Bus,
} from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aMeeting, startNodes } from '../testing/harness.ts'

const log = createLogger({ service: 'test', level: 'silent' })
const bus = createMemoryBus({ log })
/** Requests to hand a session over get no answer, as from a node that stands still. */
const deaf: Bus = {
  ...bus,
  publish: (subject, text) => bus.publish(subject, text),
  subscribe: (subject, onText) => bus.subscribe(subject, onText),
  respond: (subject, queue, answer) => bus.respond(subject, queue, answer),
  request: (subject, text, timeoutMs) =>
    subject.endsWith('.take-over')
      ? Promise.reject(new ProblemError('deadline-exceeded'))
      : bus.request(subject, text, timeoutMs),
  connected: () => bus.connected(),
  onStatus: (listener) => bus.onStatus(listener),
  close: (timeoutMs) => bus.close(timeoutMs),
}
const kv = createMemoryKv({ log })
let product: Awaited<ReturnType<typeof startNodes>>
beforeAll(async () => {
  product = await startNodes(2, { bus: deaf, kv })
})
afterAll(() => product.stop())

it('R2 T3 a node that wakes up passes nothing on that comes after what was sent later', async () => {
  const meeting = aMeeting()
  const ada = await product.join(1, meeting, 'Ada')
  const ben = await product.join(0, meeting, 'Ben')
  const cleo = await product.join(1, meeting, 'Cleo')
  const client = await product.connect(1, ben.token)
  const { sessionId, resumeToken, v } = ben.joined
  const resumed = await client.ask('room.resume', { sessionId, resumeToken, v })
  expect(resumed.payload).toMatchObject({ signals: [], signalsLost: true })
  // The socket of before, on the node that did not let go of it yet.
  ben.client.tell('rtc.signal', { to: ada.id, data: 'of a zombie' }, 'z')
  await eventually(() => expect(ben.client.closed).not.toBeNull())
  const answers = ben.client.received.filter(({ requestId }) => requestId === 'z')
  expect(answers.every(({ payload }) => payload['code'] === 'wrong-state')).toBe(true)

  let node = ''
  const seen = bus.subscribe('node.*.relay', (_text, subject) => void (node = subject.split('.')[1] ?? ''))
  const sent = Date.now()
  await ada.client.ask('rtc.signal', { to: ben.id, data: 'second' })
  await eventually(() => expect(client.of('rtc.signal').length).toBe(1))
  // A participant on node 0 reaches node 1 by a relay: that tells its name.
  const far = await product.join(0, meeting, 'Dora')
  await far.client.ask('rtc.signal', { to: ada.id, data: 'hello' })
  await eventually(() => expect(node).not.toBe(''))
  seen.unsubscribe()

  const passOn = (from: string, data: string, sentAt: number) =>
    publish(
      bus,
      signalingBus.relay,
      { node },
      {
        meetingId: meeting.id,
        to: ben.id,
        message: { type: 'rtc.signal', payload: { from, data } },
        forwarded: true,
        sentAt,
      },
    )
  passOn(ada.id, 'first, too late', sent - 5_000)
  passOn(cleo.id, 'late, but nothing of hers came before', sent - 5_000)
  await eventually(() =>
    expect(client.of('rtc.signal').map(({ payload }) => payload['data'])).toContain(
      'late, but nothing of hers came before',
    ),
  )
  expect(client.of('rtc.signal').map(({ payload }) => payload['data'])).toEqual([
    'second',
    'late, but nothing of hers came before',
  ])
  expect(ada.client.of('rtc.signal').map(({ payload }) => payload['data'])).toEqual(['hello'])
})

it('R2 a signal whose answer was lost with a node arrives once, though it is sent again elsewhere', async () => {
  const meeting = aMeeting()
  const ada = await product.join(1, meeting, 'Ada')
  const ben = await product.join(0, meeting, 'Ben')
  const offer = { to: ada.id, data: 'offer' }
  await ben.client.ask('rtc.signal', offer, '1')
  await ben.client.ask('rtc.signal', { to: ada.id, data: 'candidate' }, '2')
  const client = await product.connect(1, ben.token)
  const { sessionId, resumeToken, v } = ben.joined
  await client.ask('room.resume', { sessionId, resumeToken, v })
  expect((await client.ask('rtc.signal', offer, '1')).type).toBe('ack')
  // A client may number its requests anew on each socket: another signal under an id of before is another one.
  await client.ask('rtc.signal', { to: ada.id, data: 'new' }, '2')
  await eventually(() => expect(ada.client.of('rtc.signal').length).toBeGreaterThanOrEqual(3))
  expect(ada.client.of('rtc.signal').map(({ payload }) => payload['data'])).toEqual(['offer', 'candidate', 'new'])
})

it('R8 a node that stood still does not take a session from the node it is on now', async () => {
  const meeting = aMeeting()
  const ben = await product.join(0, meeting, 'Ben')
  const doc = await kv.docs.read(meeting.id)
  const { node } = JSON.parse(doc?.fields[`p:${ben.id}`] ?? '{}') as { node: string }
  expect(node).toMatch(/^node-0/)
  const { sessionId } = ben.joined as { sessionId: string }
  const asked = request(bus, at(signalingBus.takeOver, { node }), {
    meetingId: meeting.id,
    participantId: ben.id,
    sessionId,
  })
  await expect(asked).rejects.toMatchObject({ code: 'wrong-state' })
  expect((await ben.client.ask('room.sync', { v: 0 })).type).toBe('room.delta')
  expect(ben.client.closed).toBeNull()
})
