import type { Message } from '@parley/contracts'
import { expect, test } from 'vitest'
import { ChatHistory, type HistoryQuery } from './chat-history.ts'
import { localError } from './problem.ts'
import { eventually } from './testing/eventually.ts'
import { sampleMessage } from './testing/samples.ts'

function historyOf(stored: number, chatSeq: number, failures = 0) {
  const calls: HistoryQuery[] = []
  const arrived: number[] = []
  const reports: unknown[] = []
  const all = Array.from({ length: stored }, (_, i) => sampleMessage(i + 1))
  let failing = failures
  const list = async ({ limit, ...query }: HistoryQuery): Promise<{ items: Message[] }> => {
    calls.push({ limit, ...query })
    if (failing-- > 0) throw localError('unavailable', 'down')
    const { afterSeq, changedSince, beforeSeq = stored + 1 } = query
    if (changedSince !== undefined) return { items: changedIn(all, changedSince).slice(0, limit) }
    if (afterSeq !== undefined) return { items: all.filter(({ seq }) => seq > afterSeq).slice(0, limit) }
    return {
      items: all
        .filter(({ seq }) => seq < beforeSeq)
        .toReversed()
        .slice(0, limit),
    }
  }
  let rev = 0
  /** Changes a stored message, and gives it. */
  const change = (seq: number, text: string): Message => {
    const message = sampleMessage(seq, { text, rev: (rev += 1) })
    all[seq - 1] = message
    return message
  }
  const history = new ChatHistory(
    { chatSeq },
    {
      list,
      changed: () => {},
      arrived: (messages) => arrived.push(...messages.map(({ seq }) => seq)),
      report: (error) => reports.push(error),
      timing: { settleMs: 5, backoff: { baseMs: 5, maxMs: 20 } },
    },
  )
  return { history, calls, arrived, reports, change, seqs: () => history.log.messages.map(({ seq }) => seq) }
}
const changedIn = (all: readonly Message[], since: number): Message[] =>
  all.filter(({ rev = 0 }) => rev > since).toSorted((a, b) => (a.rev ?? 0) - (b.rev ?? 0))
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
  history.note({ chatSeq: 450 })
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

test('C2 a person who missed very much gets the newest page', async () => {
  const { history, seqs } = historyOf(5_000, 10)
  history.note({ chatSeq: 5_000 })
  await eventually(() => seqs().length === 50)
  expect(seqs()).toEqual(range(4_951, 5_000))
  expect(history.log.hasOlder).toBe(true)
})

test('C3 changes that were missed are asked for from where one is, also more than a page of them', async () => {
  const { history, calls, change, arrived } = historyOf(600, 0)
  history.note({ chatSeq: 600 })
  await eventually(() => history.log.missing === 0)
  const [before, told] = [calls.length, arrived.length]
  const first = change(1, 'changed 1')
  history.change(first)
  for (let seq = 2; seq <= 500; seq++) change(seq, `changed ${seq}`)
  change(3, 'changed again')
  history.note({ chatSeq: 600, chatRev: 501 })
  await eventually(() => history.log.messages[499]?.text === 'changed 500' && calls.length === before + 3)
  expect(calls.slice(before).map(({ changedSince }) => changedSince)).toEqual([1, 202, 402])
  expect(history.log.messages[2]?.text).toBe('changed again')
  expect(history.log.messages.map(({ seq }) => seq)).toEqual(range(1, 600))
  expect(arrived.length).toBe(told)
  history.close()
})

test('C3 changes that come in another order are no reason to ask', async () => {
  const { history, calls, change } = historyOf(3, 0)
  for (const seq of [1, 2, 3]) history.put(sampleMessage(seq))
  const [one, two, three] = [change(1, 'a'), change(2, 'b'), change(3, 'c')]
  for (const message of [three, two, one]) history.change(message)
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(history.log.messages.map(({ text }) => text)).toEqual(['a', 'b', 'c'])
  expect(calls).toEqual([])
})

test('C3 a page that was read before an edit does not bring the old text back', async () => {
  const { history, change } = historyOf(5, 5)
  const loading = history.loadOlder()
  history.change(change(2, 'edited meanwhile'))
  await loading
  expect(history.log.messages[1]?.text).toBe('edited meanwhile')
})
