import { expect, test, vi } from 'vitest'
import { ChatOutbox, type OutgoingMessage } from './chat-outbox.ts'
import { localError, localProblem, ParleyError } from './problem.ts'
import { eventually } from './testing/eventually.ts'
import { sampleMessage } from './testing/samples.ts'

const wordsOf = ({ clientMessageId, text }: OutgoingMessage) => ({ clientMessageId, text })

function outboxOf(
  answer: (sent: { clientMessageId: string; text: string }, call: number) => number,
  backoff = { baseMs: 1, maxMs: 5 },
) {
  const sent: OutgoingMessage[] = []
  let over = false
  const outbox: ChatOutbox = new ChatOutbox({
    send: async (message) => {
      sent.push(message)
      return sampleMessage(answer(message, sent.length), wordsOf(message))
    },
    changed: () => {},
    over: () => over,
    backoff,
  })
  return { outbox, sent, end: () => (over = true) }
}
const limited = (retryAfterMs: number) => new ParleyError({ ...localProblem('rate-limited', 'too fast'), retryAfterMs })
const unavailable = () => localError('unavailable', 'not now')

test('C1 a message is sent again under the same id until it is accepted', async () => {
  const { outbox, sent } = outboxOf((_, call) => {
    if (call < 4) throw unavailable()
    return 7
  })
  const message = outbox.add('hello')
  expect(outbox.pending).toMatchObject([{ text: 'hello', problem: null }])
  expect((await message)?.seq).toBe(7)
  expect(new Set(sent.map(({ clientMessageId }) => clientMessageId)).size).toBe(1)
  expect(sent.length).toBe(4)
  expect(outbox.pending).toEqual([])
})

test('C1 messages keep their order, though the first is delayed', async () => {
  const { outbox, sent } = outboxOf((_, call) => {
    if (call < 3) throw unavailable()
    return call
  })
  await Promise.all(['a', 'b', 'c'].map((text) => outbox.add(text)))
  expect(sent.map(({ text }) => text)).toEqual(['a', 'a', 'a', 'b', 'c'])
})

test('C1 one that is refused for good stays to be seen, and can be tried again under its id', async () => {
  let refuse = true
  const { outbox, sent } = outboxOf(() => {
    if (refuse) throw localError('forbidden', 'The chat is off')
    return 1
  })
  expect(await outbox.add('hello')).toBe(null)
  const [pending] = outbox.pending
  expect(pending?.problem?.code).toBe('forbidden')
  refuse = false
  await outbox.retry(pending?.clientMessageId ?? '')
  expect(outbox.pending).toEqual([])
  expect(sent[0]?.clientMessageId).toBe(sent[1]?.clientMessageId)
})

test('C1 seeing the message in the room is as good as its answer', async () => {
  const { outbox, sent } = outboxOf(() => {
    throw unavailable()
  })
  const message = outbox.add('hello')
  outbox.seen(sampleMessage(3, { clientMessageId: sent[0]?.clientMessageId ?? '' }))
  expect((await message)?.seq).toBe(3)
  expect(outbox.pending).toEqual([])
})

test('T10 a message of somebody else shows that the chat works again: what waits goes soon', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.99)
  let works = false
  const answer = () => {
    if (!works) throw unavailable()
    return 4
  }
  const { outbox, sent } = outboxOf(answer, { baseMs: 3_600_000, maxMs: 3_600_000 })
  vi.useFakeTimers()
  try {
    const message = outbox.add('hello')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(sent.length).toBe(1)
    works = true
    outbox.seen(sampleMessage(3, { clientMessageId: 'of another' }))
    await vi.advanceTimersByTimeAsync(500)
    expect((await message)?.seq).toBe(4)
  } finally {
    vi.useRealTimers()
    vi.restoreAllMocks()
  }
})

test('waiting requests are dropped when the room is over, and a bounded number may wait', async () => {
  const { outbox, end } = outboxOf(() => {
    throw unavailable()
  })
  const waiting = Array.from({ length: 100 }, (_, i) => outbox.add(`${i}`))
  await expect(outbox.add('one more')).rejects.toMatchObject({ problem: { code: 'rate-limited' } })
  end()
  outbox.close()
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => null))
})

test('C4 after rate-limited the outbox waits as long as the answer says, shows it, and sends all once, in order', async () => {
  let left = 3
  let opensAt = 0
  const { outbox, sent } = outboxOf((_, call) => {
    if (left === 0 && Date.now() >= opensAt) left = 3
    if (left > 0) {
      left -= 1
      if (left === 0) opensAt = Date.now() + 60
      return call
    }
    throw limited(opensAt - Date.now())
  })
  const texts = Array.from({ length: 10 }, (_, i) => `${i}`)
  const all = Promise.all(texts.map((text) => outbox.add(text)))
  await eventually(() => outbox.pending[0]?.delayed?.code === 'rate-limited')
  expect(outbox.pending.map(({ delayed }) => delayed === null)).toEqual([
    false,
    ...outbox.pending.slice(1).map(() => true),
  ])
  const accepted = await all
  expect(accepted.every((message) => message !== null)).toBe(true)
  const order = [...new Map(sent.map(({ clientMessageId, text }) => [clientMessageId, text])).values()]
  expect(order).toEqual(texts)
  // Each window lets three through; it was asked not much more often than that.
  expect(sent.length).toBeLessThanOrEqual(10 + 4 * 3)
})

test('C1 T10 after a long outage a message is stored within 5 s of its end', async () => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0.999)
  try {
    const endsAt = Date.now() + 20_000
    const outbox = new ChatOutbox({
      send: (message) =>
        Date.now() < endsAt ? Promise.reject(unavailable()) : Promise.resolve(sampleMessage(1, wordsOf(message))),
      changed: () => {},
      over: () => false,
      backoff: { baseMs: 250, maxMs: 10_000 },
    })
    const stored = outbox.add('hello').then(() => Date.now())
    await vi.advanceTimersByTimeAsync(60_000)
    expect((await stored) - endsAt).toBeLessThan(5_000)
  } finally {
    vi.useRealTimers()
    vi.restoreAllMocks()
  }
})
