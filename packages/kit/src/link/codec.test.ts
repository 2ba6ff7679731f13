import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import {
  castBody,
  jsonBody,
  LinkFormatError,
  numberBody,
  readCast,
  readJson,
  readNumber,
  readRecords,
  writeRecords,
} from './codec.ts'
import { LinkWriter } from './link-writer.ts'

const records = [
  { kind: 18, id: 7, body: Buffer.from('a frame') },
  { kind: 22, id: 4_294_967_295, body: numberBody(3) },
  { kind: 26, id: 0, body: Buffer.alloc(0) },
]

describe('R13 the records of a link', () => {
  it('come back as they were written, in order', () => {
    expect([...readRecords(writeRecords(records))]).toEqual(records)
    expect(readNumber(numberBody(4_294_967_295))).toBe(4_294_967_295)
    expect(readJson(jsonBody({ a: 'ü' }))).toEqual({ a: 'ü' })
  })

  it('are refused when they are cut off anywhere but between two of them', () => {
    const message = writeRecords(records)
    const ends = new Set([0, 16, 29, 38])
    for (let length = 0; length <= message.length; length += 1) {
      const read = () => [...readRecords(message.subarray(0, length))]
      if (ends.has(length)) expect(read).not.toThrow()
      else expect(read).toThrow(LinkFormatError)
    }
    expect(() => readNumber(Buffer.alloc(3))).toThrow(LinkFormatError)
    expect(() => readJson(Buffer.from('{'))).toThrow(LinkFormatError)
  })

  it.each([
    { kind: 'state' as const, v: 2 ** 40, except: [], frame: Buffer.from('x') },
    { kind: 'passing' as const, v: 0, except: [1, 4_000_000_000], frame: Buffer.from('typing') },
  ])('hold a broadcast with its version and those who are left out: $kind', (cast) => {
    const body = castBody(cast)
    expect(readCast(body)).toEqual(cast)
    expect(() => readCast(body.subarray(0, 10 + 4 * cast.except.length))).toThrow(LinkFormatError)
  })

  it('of one turn of the event loop leave together, unless they are too long for one message', async () => {
    const sent: Buffer[] = []
    const writer = new LinkWriter({ send: (message) => void sent.push(message) }, 100)
    for (const { kind, id, body } of records) writer.write(kind, id, body)
    expect(sent).toEqual([])
    await nextTurn()
    await nextTurn()
    expect(sent.map((message) => [...readRecords(message)])).toEqual([records])
    writer.write(18, 1, Buffer.alloc(60))
    writer.write(18, 2, Buffer.alloc(60))
    writer.flush()
    expect(sent.slice(1).map((message) => [...readRecords(message)].map(({ id }) => id))).toEqual([[1], [2]])
  })
})
