import type { Message } from '@parley/contracts'
import { expect, test } from 'vitest'
import { ChatHistory } from './chat-history.ts'
import { localError } from './problem.ts'
import { eventually } from './testing/eventually.ts'
import { sampleMessage } from './testing/samples.ts'

function historyOf(stored: number, chatSeq: number, failures = 0) {
  const calls: Record<string, number>[] = []
  const arrived: number[] = []
  const reports: unknown[] = []
  const all = Array.from({ length: stored }, (_, i) => sampleMessage(i + 1))
  let failing = failures
  const list = async ({
    limit,
    ...query
  }: {
    limit: number
    afterSeq?: number
    beforeSeq?: number
  }): Promise<{ items: Message[] }> => {
    calls.push({ limit, ...query })
    if (failing-- > 0) throw localError('unavailable', 'down')
    const { afterSeq, beforeSeq = stored + 1 } = query
    if (afterSeq !== undefined) return { items: all.filter(({ seq }) => seq > afterSeq).slice(0, limit) }
    return {
      items: all
        .filter(({ seq }) => seq < beforeSeq)
        .toReversed()
        .slice(0, limit),
    }
  }
  const history = new ChatHistory(chatSeq, {
    list,
    changed: () => {},
    arrived: (messages) => arrived.push(...messages.map(({ seq }) => seq)),
    report: (error) => reports.push(error),
    timing: { settleMs: 5, backoff: { baseMs: 5, maxMs: 20 } },
  })
  return { history, calls, arrived, reports, seqs: () => history.log.messages.map(({ seq }) => seq) }
}
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

test('C2 a gap is filled from the history, after it had the chance to close by itself', async () => {
  const { history, calls, arrived, seqs } = historyOf(8, 2)
  history.put(sampleMessage(3))
  history.put(sampleMessage(8))
  await eventually(() => history.log.missing === 0)
  expect(seqs()).toEqual(range(3, 8))
  expect(arrived).toEqual(range(3, 8))
  expect(calls).toEqual([{ limit: 200, afterSeq: 3 }])
  history.put(sampleMessage(10))
  history.put(sampleMessage(9))
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(calls.length).toBe(1)
  history.close()
})

test('C2 a number in a ping reveals what was missed, and a failing history is asked again', async () => {
  const { history, calls, reports, seqs } = historyOf(450, 0, 2)
  history.note(450)
  await eventually(() => history.log.missing === 0)
  expect(seqs()).toEqual(range(1, 450))
  expect(reports.length).toBe(2)
  expect(calls.length).toBe(5)
  history.close()
})

test('C2 older pages are loaded once at a time, down to the first message', async () => {
  const { history, calls, arrived, seqs } = historyOf(70, 70)
  await Promise.all([history.loadOlder(), history.loadOlder()])
  expect(seqs()).toEqual(range(21, 70))
  await history.loadOlder()
  await history.loadOlder()
  expect(seqs()).toEqual(range(1, 70))
  expect(calls.length).toBe(2)
  expect(arrived).toEqual([])
})

test('C2 who missed very much gets the newest page', async () => {
  const { history, seqs } = historyOf(5_000, 10)
  history.note(5_000)
  await eventually(() => seqs().length === 50)
  expect(seqs()).toEqual(range(4_951, 5_000))
  expect(history.log.hasOlder).toBe(true)
})
