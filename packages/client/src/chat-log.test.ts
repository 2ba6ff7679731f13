import { describe, expect, test } from 'vitest'
import { ChatLog } from './chat-log.ts'
import { randomOf } from './testing/random.ts'
import { sampleMessage } from './testing/samples.ts'

const seqs = (log: ChatLog) => log.messages.map(({ seq }) => seq)

describe('C2 ChatLog', () => {
  test('appends the next, holds what is early, drops what is there', () => {
    const log = new ChatLog(0)
    expect(log.put(sampleMessage(1)).map(({ seq }) => seq)).toEqual([1])
    expect(log.put(sampleMessage(3))).toEqual([])
    expect(log.missing).toBe(2)
    expect(log.put(sampleMessage(1))).toEqual([])
    expect(log.put(sampleMessage(2)).map(({ seq }) => seq)).toEqual([2, 3])
    expect(seqs(log)).toEqual([1, 2, 3])
    expect(log.missing).toBe(0)
  })

  test('a later version of a message takes its place', () => {
    const log = new ChatLog(0)
    log.put(sampleMessage(1))
    log.put(sampleMessage(2))
    log.put(sampleMessage(1, { text: 'edited' }))
    expect(log.messages.map(({ text }) => text)).toEqual(['edited', 'message 2'])
  })

  test('begins behind history, which is put in front as far as it joins on', () => {
    const log = new ChatLog(10)
    expect([log.hasOlder, log.first, log.last]).toEqual([true, 11, 10])
    log.put(sampleMessage(11))
    log.prepend([10, 9, 8].map((seq) => sampleMessage(seq)))
    log.prepend([5, 4].map((seq) => sampleMessage(seq)))
    expect(seqs(log)).toEqual([8, 9, 10, 11])
    log.prepend([7, 6, 5, 4, 3, 2, 1].map((seq) => sampleMessage(seq)))
    expect(seqs(log)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    expect(log.hasOlder).toBe(false)
  })

  test('jumps over what is too much, keeping what came early behind it', () => {
    const log = new ChatLog(0)
    log.put(sampleMessage(1))
    log.put(sampleMessage(5001))
    log.note(5000)
    log.jump(5000)
    expect(seqs(log)).toEqual([5001])
    expect([log.hasOlder, log.missing]).toEqual([true, 0])
  })

  test('holds a bounded number and lets the oldest go', () => {
    const log = new ChatLog(0)
    for (let seq = 1; seq <= 6_000; seq++) log.put(sampleMessage(seq))
    expect(log.messages.length).toBeLessThanOrEqual(5_000)
    expect(log.messages.at(-1)?.seq).toBe(6_000)
    expect(log.messages[0]?.seq).toBe(log.first)
    expect(log.hasOlder).toBe(true)
  })

  test('H3 in any order with repetitions: every message once, in order', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = randomOf(seed)
      const log = new ChatLog(0)
      const arriving = Array.from({ length: 60 }, (_, i) => sampleMessage(i + 1)).flatMap((m) =>
        random() < 0.3 ? [m, m] : [m],
      )
      const shuffled = arriving.map((message) => ({ message, at: random() })).toSorted((a, b) => a.at - b.at)
      const added = shuffled.flatMap(({ message }) => log.put(message))
      expect(added.map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1))
      expect(log.messages).toEqual(added)
    }
  })
})

describe('C3 ChatLog', () => {
  const changed = (seq: number, rev: number, text: string) => sampleMessage(seq, { rev, text })
  const texts = (log: ChatLog) => log.messages.map(({ text }) => text)

  test('of the versions of a message the last change stands, in whatever order they come', () => {
    const log = new ChatLog(0)
    log.put(sampleMessage(1))
    log.change(changed(1, 3, 'third'))
    log.change(changed(1, 1, 'first'))
    log.put(sampleMessage(1))
    expect(texts(log)).toEqual(['third'])
  })

  test('a change that is here before its message is not lost, whichever way the message comes', () => {
    const log = new ChatLog(2)
    for (const seq of [1, 3, 4, 6]) log.change(changed(seq, seq, `changed ${seq}`))
    expect(log.missing).toBe(4)
    log.put(sampleMessage(4))
    for (const seq of [3, 5, 6]) log.put(sampleMessage(seq))
    log.prepend([sampleMessage(2), sampleMessage(1)])
    expect(texts(log)).toEqual(['changed 1', 'message 2', 'changed 3', 'changed 4', 'message 5', 'changed 6'])
  })
})
