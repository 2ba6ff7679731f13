import { chatBus, type Message } from '@parley/contracts'
import { request, newId } from '@parley/kit'
import { describe, expect, test } from 'vitest'
import type { Harness } from '../harness.ts'

export function afterSuite(harness: () => Harness): void {
  describe('R12 what event streams read over the bus', () => {
    const after = async (meetingId: string, by: 'seq' | 'rev', number: number, limit = 50): Promise<Message[]> =>
      (await request(harness().bus, chatBus.after, { meetingId, by, number, limit })).messages

    test('R12 C2 messages after a number, in order, no more than asked for', async () => {
      const meetingId = newId()
      for (let n = 1; n <= 7; n += 1) await harness().send({ meetingId, text: `text ${n}` })
      expect((await after(meetingId, 'seq', 2)).map(({ seq, text }) => [seq, text])).toEqual(
        [3, 4, 5, 6, 7].map((n) => [n, `text ${n}`]),
      )
      expect((await after(meetingId, 'seq', 0, 3)).map(({ seq }) => seq)).toEqual([1, 2, 3])
      expect(await after(meetingId, 'seq', 7)).toEqual([])
      expect(await after(newId(), 'seq', 0)).toEqual([])
    })

    test('C7 where 1,000 meetings are, asked at once; those without messages are left out', async () => {
      const { send, heads, change } = harness()
      const meetings = Array.from({ length: 1_000 }, newId)
      const [one = '', two = ''] = meetings
      const { message } = await send({ meetingId: one })
      await send({ meetingId: one })
      await send({ meetingId: two })
      await change.edit({ meetingId: one, userId: message.sender.id, messageId: message.id, text: 'changed' })
      expect((await heads(meetings)).toSorted((a, b) => b.seq - a.seq)).toEqual([
        { meetingId: one, seq: 2, rev: 1 },
        { meetingId: two, seq: 1, rev: 0 },
      ])
      expect(await heads([])).toEqual([])
    })

    test('R12 C3 messages by the number of their last change, as they are now', async () => {
      const meetingId = newId()
      const { message: one } = await harness().send({ meetingId, text: 'one' })
      const { message: two } = await harness().send({ meetingId, text: 'two' })
      const edit = (message: Message, text: string) =>
        request(harness().bus, chatBus.edit, { meetingId, userId: message.sender.id, messageId: message.id, text })
      await edit(one, 'first')
      await edit(two, 'second')
      await edit(one, 'third')
      const changed = async (rev: number) =>
        (await after(meetingId, 'rev', rev)).map(({ seq, rev: at, text }) => [seq, at, text])
      expect(await changed(0)).toEqual([
        [2, 2, 'second'],
        [1, 3, 'third'],
      ])
      expect(await changed(2)).toEqual([[1, 3, 'third']])
      expect(await changed(3)).toEqual([])
    })
  })
}
