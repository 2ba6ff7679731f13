import { newId } from '@parley/kit'
import { describe, expect, test } from 'vitest'
import type { Harness } from '../harness.ts'

const refused: [string, string][] = [
  ['nothing', ''],
  ['4,001 characters', 'x'.repeat(4001)],
  ['U+0000', 'a\0b'],
  ['the first half of a surrogate pair', 'a\ud83d'],
  ['the second half of a surrogate pair', '\udc4ba'],
]
/** Nothing that a person would see. */
const blank = ['  \n ', '\u2800', '\u200b\u202e', '\u3164\ufeff', '\u0301']
const taken: [string, string][] = [
  ['4,000 characters', 'x'.repeat(4000)],
  ['4,000 characters outside the basic plane', '😀'.repeat(4000)],
  ['control characters and quotes', '\u0001\u001f\t\n\\"\'; drop table messages; -- \u2028\ufffe\uffff'],
  ['text that looks like an escape', '\\u0000 \\ud800 $1 {"a":1}'],
]

export function inputSuite(harness: () => Harness): void {
  describe('C1 text', () => {
    test.each(refused)('%s is refused, over REST and the bus', async (_name, text) => {
      const { post, token, send, head } = harness()
      const meetingId = newId()
      const answered = await post(meetingId, token(), { clientMessageId: newId(), text })
      expect([answered.status, answered.body.code]).toEqual([400, 'invalid-input'])
      expect(answered.body.errors?.map(({ path }) => path)).toContain('/text')
      await expect(send({ meetingId, text })).rejects.toMatchObject({ code: 'invalid-input' })
      expect(await head(meetingId)).toEqual({ seq: 0, rev: 0 })
    })

    test.each(blank)('C3 %j is no message, and no edit makes one of it', async (text) => {
      const { post, token, send, edit } = harness()
      const [meetingId, bearer] = [newId(), token()]
      const answered = await post(meetingId, bearer, { clientMessageId: newId(), text })
      expect([answered.status, answered.body.code]).toEqual([400, 'invalid-input'])
      expect(answered.body.errors?.map(({ path }) => path)).toEqual(['/text'])
      await expect(send({ meetingId, text })).rejects.toMatchObject({ code: 'invalid-input' })
      const { body: sent } = await post(meetingId, bearer, { clientMessageId: newId(), text: 'seen' })
      const edited = await edit({ meetingId, id: sent.id }, bearer, text)
      expect([edited.status, edited.body.errors?.map(({ path }) => path)]).toEqual([400, ['/text']])
    })

    test('C1 the message of a guest says so, over REST and the bus', async () => {
      const { post, token, send, list } = harness()
      const [meetingId, bearer] = [newId(), token(newId(), 'guest')]
      const sent = await post(meetingId, bearer, { clientMessageId: newId(), text: 'x' })
      expect(sent.body.sender).toMatchObject({ guest: true })
      await send({ meetingId, sender: { id: newId(), name: 'Ann', guest: true } })
      await send({ meetingId, sender: { id: newId(), name: 'Ben' } })
      const { items } = (await list(meetingId, bearer)).body
      expect(items.map(({ sender }) => sender.guest)).toEqual([undefined, true, true])
    })

    test.each(taken)('%s comes back as it was sent', async (_name, text) => {
      const { post, token, list } = harness()
      const meetingId = newId()
      const bearer = token()
      const sent = await post(meetingId, bearer, { clientMessageId: newId(), text })
      expect([sent.status, sent.body.text]).toEqual([201, text])
      expect((await list(meetingId, bearer)).body.items[0]?.text).toBe(text)
    })
  })

  test('C1 ids of other forms and unknown fields are refused', async () => {
    const { post, token, send } = harness()
    const bearer = token()
    for (const body of [
      { text: 'x' },
      { text: 'x', clientMessageId: 'short' },
      { text: 'x', clientMessageId: newId(), type: 'system' },
    ]) {
      expect((await post(newId(), bearer, body)).status).toBe(400)
    }
    expect((await post('not-an-id', bearer, { text: 'x', clientMessageId: newId() })).status).toBe(400)
    expect((await post(newId(), bearer, '{"text":')).body.code).toBe('malformed-json')
    await expect(send({ clientMessageId: 'a b' })).rejects.toMatchObject({ code: 'invalid-input' })
  })

  test('C1 a name that cannot be stored does not spoil the batch it is in', async () => {
    const meetingId = newId()
    const names = ['Ann', 'B\0b', 'C\ud800', 'D'.repeat(1000)]
    const sent = await Promise.all(names.map((name) => harness().send({ meetingId, sender: { id: newId(), name } })))
    expect(sent.map(({ message }) => message.sender.name)).toEqual(['Ann', 'Bb', 'C\ufffd', 'D'.repeat(200)])
  })
}
