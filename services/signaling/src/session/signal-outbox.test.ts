import { describe, expect, it } from 'vitest'
import { SignalOutbox } from './signal-outbox.ts'

const from = '0192aa4e-0000-7000-8000-000000000001'
const filled = (count: number, bytes = 100) => {
  const outbox = new SignalOutbox()
  for (let n = 1; n <= count; n++) outbox.push({ from, data: n }, bytes)
  return outbox
}
const dataOf = ({ signals }: { signals: readonly { data: unknown }[] }) => signals.map(({ data }) => data)

describe('R8 the outbox of signals', () => {
  it('gives what was never written to a client that says nothing, and what it misses to one that does', () => {
    const outbox = filled(3)
    outbox.sent()
    outbox.push({ from, data: 4 }, 100)
    expect(dataOf(outbox.take(4))).toEqual([4])
    expect(dataOf(outbox.take(4, 2))).toEqual([3, 4])
    expect(outbox.take(4, 4)).toEqual({ signals: [], lost: false })
  })

  it('forgets confirmed signals, and says so when a resume asks for them', () => {
    const outbox = filled(5)
    outbox.sent()
    outbox.confirm(3)
    expect(outbox.seq).toBe(5)
    expect(outbox.take(5, 3)).toMatchObject({ signals: [{ data: 4 }, { data: 5 }], lost: false })
    expect(outbox.take(5, 1)).toMatchObject({ signals: [{ data: 4 }, { data: 5 }], lost: true })
  })

  it('is bounded in number and bytes: the oldest signal is dropped, and a loss is reported once', () => {
    const many = filled(300)
    expect(many.take(300)).toMatchObject({ lost: true, signals: { length: 256 } })
    expect(many.take(300)).toMatchObject({ lost: false, signals: [] })
    const large = filled(10, 60_000)
    expect(dataOf(large.take(10))).toEqual([7, 8, 9, 10])
    const written = filled(200)
    written.sent()
    for (let n = 201; n <= 300; n++) written.push({ from, data: n }, 100)
    expect(written.take(300)).toMatchObject({ lost: false, signals: { length: 100 } })
  })

  it('goes on counting on another node', () => {
    const outbox = new SignalOutbox()
    outbox.push({ from, data: 'came while entering' }, 100)
    outbox.adopt([{ from, data: 7 }], 7)
    expect(outbox.seq).toBe(8)
    expect(dataOf(outbox.take(7, 6))).toEqual([7])
    outbox.sent()
    outbox.confirm(8)
    expect(outbox.take(8, 8)).toEqual({ signals: [], lost: false })
  })
})
