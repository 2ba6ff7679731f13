import { newId } from '@parley/kit'
import { answered } from '@parley/kit/testing'
import { expect, test } from 'vitest'
import { storedIn, type Harness } from '../harness.ts'

/** A send under an `Idempotency-Key` gets one answer, besides being one message by its client id: C1, X9d. */
export function keysSuite(harness: () => Harness): void {
  const draft = () => ({
    meetingId: newId(),
    token: harness().token(),
    body: { clientMessageId: newId(), text: 'once' },
  })

  test('X9d C1 a lost answer comes again as it was, also from another replica and after an edit', async () => {
    const { postUnder, replicas, db, token, edit } = harness()
    const userId = newId()
    const send = { ...draft(), token: token(userId) }
    const first = await postUnder('key-of-ann', send)
    expect(first.status).toBe(201)
    const { id } = first.body
    expect((await edit({ meetingId: send.meetingId, id }, token(userId), 'edited')).status).toBe(200)
    const again = await postUnder('key-of-ann', send, replicas[1])
    expect([again.status, again.body]).toEqual([201, first.body])
    expect(await storedIn(db, send.meetingId)).toHaveLength(1)
  })

  test('X9d C1 another message, or another meeting, under the key is a conflict and is not sent', async () => {
    const { postUnder, db } = harness()
    const send = draft()
    await postUnder('a-key', send)
    const others = [
      { ...send, body: { clientMessageId: newId(), text: 'another' } },
      { ...send, meetingId: newId() },
    ]
    for (const other of others) {
      const { status, body } = await postUnder('a-key', other)
      expect([status, body.code]).toEqual([409, 'idempotency-conflict'])
    }
    expect(await storedIn(db, send.meetingId)).toHaveLength(1)
    expect(await storedIn(db, others[1]?.meetingId ?? '')).toHaveLength(0)
  })

  test('X9d X33 20 parallel sends under one key through two replicas are one message with one answer', async () => {
    const { postUnder, replicas, db } = harness()
    const send = draft()
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, at) => answered(() => postUnder('one-key', send, replicas[at % 2]))),
    )
    expect(new Set(all.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1)
    expect(all[0]?.status).toBe(201)
    expect(await storedIn(db, send.meetingId)).toHaveLength(1)
  })

  test('X33 C1 a send whose replica was killed before it kept its answer is answered as made', async () => {
    const { postUnder, replicas, db } = harness()
    const send = draft()
    const first = await postUnder('cut-off', send)
    // The rows that the kill leaves: the key is taken, the message stored, the answer not kept.
    await db.updateTable('kept_answers').set({ answer: null }).execute()
    const again = await postUnder('cut-off', send, replicas[1])
    expect([again.status, again.body]).toEqual([201, first.body])
    expect(await storedIn(db, send.meetingId)).toHaveLength(1)
  })

  test('C1 a message refused under a key is sent under it as soon as it may be', async () => {
    const { postUnder, db, meetings } = harness()
    const send = draft()
    meetings.set(send.meetingId, { mayChat: false })
    expect((await postUnder('refused', send)).status).toBe(403)
    const allowed = { ...send, meetingId: newId() }
    expect((await postUnder('refused', allowed)).status).toBe(201)
    expect(await storedIn(db, allowed.meetingId)).toHaveLength(1)
  })

  test('S9 the stored answer contains neither the key nor the text', async () => {
    const { postUnder, db } = harness()
    await postUnder('the-secret-key', { ...draft(), body: { clientMessageId: newId(), text: 'between-us' } })
    const kept = JSON.stringify(await db.selectFrom('kept_answers').selectAll().execute())
    for (const secret of ['the-secret-key', 'between-us']) expect(kept).not.toContain(secret)
  })
}
