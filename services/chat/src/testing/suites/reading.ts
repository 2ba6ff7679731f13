import { newId } from '@parley/kit'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Harness } from '../harness.ts'

const count = 25
const numbers = (from: number, to: number): number[] =>
  Array.from({ length: Math.abs(to - from) + 1 }, (_, at) => (from < to ? from + at : from - at))

export function readingSuite(harness: () => Harness): void {
  describe('C2 pages', () => {
    const meetingId = newId()
    let token: string
    /** The time of message 12, with 11 before and 13 after it. */
    let middle: string
    beforeAll(async () => {
      token = harness().token()
      for (let at = 1; at <= count; at += 1) {
        const { message } = await harness().send({ meetingId, text: `text ${at}` })
        if (at === 12) middle = message.sentAt
        if (at >= 11 && at <= 13) await sleep(3)
      }
    })
    const seqs = async (query: Record<string, string | number>): Promise<number[]> =>
      (await harness().list(meetingId, token, query)).body.items.map(({ seq }) => seq)

    /** Follows the cursors to the end; `again` repeats the query's bounds with each. */
    const walk = async (query: Record<string, string | number>, again: boolean): Promise<number[][]> => {
      const pages: number[][] = []
      let cursor: string | null = null
      do {
        const next: Record<string, string | number> =
          cursor === null ? query : { ...(again ? query : { limit: query['limit'] ?? 50 }), cursor }
        const { body } = await harness().list(meetingId, token, next)
        pages.push(body.items.map(({ seq }) => seq))
        cursor = body.nextCursor
      } while (cursor !== null)
      return pages
    }

    test('the newest come first; the cursor goes back to the first', async () => {
      const expected = [numbers(25, 16), numbers(15, 6), numbers(5, 1)]
      expect(await walk({ limit: 10 }, true)).toEqual(expected)
      expect(await walk({ limit: 10 }, false)).toEqual(expected)
      expect(await walk({}, false)).toEqual([numbers(25, 1)])
      expect(await walk({ limit: 25 }, false)).toEqual([numbers(25, 1)])
    })

    test('afterSeq fills a gap in order; the cursor goes on forward', async () => {
      expect(await walk({ afterSeq: 3, limit: 10 }, false)).toEqual([numbers(4, 13), numbers(14, 23), numbers(24, 25)])
      expect(await seqs({ afterSeq: 0, limit: 2 })).toEqual([1, 2])
      expect(await seqs({ afterSeq: 25 })).toEqual([])
    })

    test('beforeSeq goes back; together with afterSeq it is a range', async () => {
      expect(await walk({ beforeSeq: 6, limit: 3 }, false)).toEqual([
        [5, 4, 3],
        [2, 1],
      ])
      expect(await walk({ afterSeq: 4, beforeSeq: 9, limit: 3 }, false)).toEqual([[5, 6, 7], [8]])
      expect(await seqs({ afterSeq: 9, beforeSeq: 9 })).toEqual([])
    })

    test('by time, both ways; both ends are exclusive', async () => {
      expect(await walk({ before: middle, limit: 6 }, false)).toEqual([numbers(11, 6), numbers(5, 1)])
      expect(await walk({ after: middle, limit: 10 }, true)).toEqual([numbers(13, 22), numbers(23, 25)])
      expect(await seqs({ after: middle, before: middle })).toEqual([])
      expect(await seqs({ after: '2020-01-01T00:00:00Z', before: '2021-01-01T00:00:00Z' })).toEqual([])
    })

    test('messages that arrive while somebody pages back do not shift the pages', async () => {
      const other = newId()
      const fill = () => Promise.all(Array.from({ length: 6 }, () => harness().send({ meetingId: other })))
      await fill()
      const first = (await harness().list(other, token, { limit: 3 })).body
      await fill()
      const second = (await harness().list(other, token, { limit: 3, cursor: first.nextCursor ?? '' })).body
      expect([...first.items, ...second.items].map(({ seq }) => seq)).toEqual([6, 5, 4, 3, 2, 1])
      expect(second.nextCursor).toBeNull()
    })

    test('a meeting without messages is an empty list with head 0', async () => {
      const nobody = newId()
      expect((await harness().list(nobody, token)).body).toEqual({ items: [], nextCursor: null })
      expect(await harness().head(nobody)).toEqual({ seq: 0, rev: 0 })
    })

    test.each([
      ['cursor', { cursor: 'nonsense' }],
      ['cursor', { cursor: Buffer.from('f.9999999999999999...').toString('base64url') }],
      ['cursor', { cursor: Buffer.from('c.99999999999999999').toString('base64url') }],
      ['changedSince', { changedSince: -1 }],
      ['changedSince', { changedSince: 1, afterSeq: 1 }],
      ['changedSince', { changedSince: 1, cursor: Buffer.from('f.3...').toString('base64url') }],
      ['before', { before: '2026-13-01T00:00:00Z' }],
      ['after', { after: 'yesterday' }],
      ['limit', { limit: 0 }],
      ['limit', { limit: 201 }],
      ['afterSeq', { afterSeq: -1 }],
      ['order', { order: 'asc' }],
    ])('a bad %s is refused: %j', async (name, query) => {
      const { status, body } = await harness().list(meetingId, token, query as Record<string, string>)
      expect([status, body.code, body.errors?.[0]?.path]).toEqual([400, 'invalid-input', `query.${name}`])
    })
  })
}
