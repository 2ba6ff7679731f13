import { newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { expect, test } from 'vitest'
import { hearRoom, newDraft, storedIn, type Harness } from '../harness.ts'

export function sendingSuite(harness: () => Harness): void {
  test('C1 a message is numbered, stored, answered with 201 and told to the room', async () => {
    const { post, token, db } = harness()
    const meetingId = newId()
    const heard = await hearRoom(harness(), meetingId)
    const sent = await post(meetingId, token(), { clientMessageId: 'first-message', text: 'hällo 👋' })
    expect(sent.status).toBe(201)
    expect(sent.body).toMatchObject({
      seq: 1,
      type: 'text',
      text: 'hällo 👋',
      sender: { name: 'Ann' },
      clientMessageId: 'first-message',
    })
    expect(Date.now() - Date.parse(sent.body.sentAt)).toBeLessThan(5000)
    expect(await storedIn(db, meetingId)).toMatchObject([{ id: sent.body.id, seq: 1 }])
    await eventually(() => expect(heard).toEqual([sent.body]))
  })

  test('C1 the same id and text again is the same message (200), told once; another text is 409', async () => {
    const { post, send, db } = harness()
    const [meetingId, userId] = [newId(), newId()]
    const token = harness().token(userId)
    const heard = await hearRoom(harness(), meetingId)
    const body = { clientMessageId: 'the-same-id', text: 'one' }
    const first = await post(meetingId, token, body)
    const [, second] = harness().replicas
    const again = await post(meetingId, token, body, second)
    expect([again.status, again.body]).toEqual([200, first.body])
    const other = await post(meetingId, token, { ...body, text: 'two' }, second)
    expect([other.status, other.body.code, other.body.retryable]).toEqual([409, 'idempotency-conflict', false])
    const overBus = await send({ meetingId, sender: { id: userId, name: 'Ann' }, ...body })
    expect(overBus.message).toEqual(first.body)
    await expect(
      send({ meetingId, sender: { id: userId, name: 'Ann' }, ...body, text: 'three' }),
    ).rejects.toMatchObject({ code: 'idempotency-conflict' })
    const somebodyElse = await send({ meetingId, ...body })
    expect(somebodyElse.message.seq).toBe(2)
    await eventually(() => expect(heard.map(({ seq }) => seq)).toEqual([1, 2]))
    expect(await storedIn(db, meetingId)).toHaveLength(2)
  })

  test('C7 a repeated message is published again, because its event may have died with the process that stored it', async () => {
    const { send, post, token } = harness()
    const [meetingId, userId] = [newId(), newId()]
    const again = await hearRoom(harness(), meetingId, 'chat.message', true)
    const body = { clientMessageId: newId(), text: 'one' }
    const { message } = await send({ meetingId, sender: { id: userId, name: 'Ann' }, ...body })
    await send({ meetingId })
    expect(again).toEqual([])
    await post(meetingId, token(userId), body)
    await eventually(() => expect(again).toEqual([message]))
    // However many ask at once: once for each statement at most.
    await Promise.all(Array.from({ length: 50 }, () => post(meetingId, token(userId), body)))
    expect(again.length).toBeLessThan(50)
    expect(again.every(({ seq }) => seq === 1)).toBe(true)
  })

  test('C1 T12 16 parallel sends of one id through two replicas are one message, and all get it', async () => {
    const { post, token, db, replicas } = harness()
    const bearer = token()
    for (let round = 0; round < 5; round += 1) {
      const meetingId = newId()
      const body = { clientMessageId: newId(), text: 'once' }
      const all = await Promise.all(
        Array.from({ length: 16 }, (_, at) => post(meetingId, bearer, body, replicas[at % 2])),
      )
      expect(all.map(({ status }) => status).toSorted()).toEqual([...Array.from({ length: 15 }, () => 200), 201])
      expect(new Set(all.map(({ body: message }) => JSON.stringify(message))).size).toBe(1)
      expect((await storedIn(db, meetingId)).map(({ seq }) => seq)).toEqual([1])
    }
  })

  test('C1 of parallel sends of one id with different texts one text wins and the others get 409', async () => {
    const meetingId = newId()
    const { sender, clientMessageId } = newDraft()
    const texts = Array.from({ length: 12 }, (_, at) => `text ${at % 3}`)
    const all = await Promise.allSettled(
      texts.map((text) => harness().send({ meetingId, sender, clientMessageId, text })),
    )
    const [row] = await storedIn(harness().db, meetingId)
    for (const [at, outcome] of all.entries()) {
      if (texts[at] === row?.text)
        expect(outcome).toMatchObject({ status: 'fulfilled', value: { message: { id: row?.id } } })
      else expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'idempotency-conflict' } })
    }
  })

  test('C1 C2 2,000 parallel sends over 20 meetings through two replicas: no gap, each stored and told once', async () => {
    const { db } = harness()
    const meetings = Array.from({ length: 20 }, newId)
    const heard = await Promise.all(meetings.map((meetingId) => hearRoom(harness(), meetingId)))
    const drafts = Array.from({ length: 2000 }, (_, at) => ({
      ...newDraft(),
      meetingId: meetings[at % 20] ?? '',
      text: `text ${at}`,
    }))
    const accepted = await Promise.all(drafts.map((draft) => harness().send(draft)))
    for (const [at, meetingId] of meetings.entries()) {
      const rows = await storedIn(db, meetingId)
      expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
      const mine = accepted.filter((_, index) => index % 20 === at).map(({ message }) => message)
      expect(mine.map(({ id, seq, text }) => [id, seq, text]).toSorted(bySeq)).toEqual(
        rows.map(({ id, seq, text }) => [id, seq, text]),
      )
      await eventually(() =>
        expect(heard[at]?.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(rows.map(({ seq }) => seq)),
      )
      expect((await harness().head(meetingId)).seq).toBe(100)
    }
  })

  test('C1 T12 repeats among new messages take no numbers', async () => {
    const { send, db } = harness()
    const meetingId = newId()
    const drafts = Array.from({ length: 60 }, () => ({ ...newDraft(), meetingId }))
    const first = await Promise.all(drafts.slice(0, 20).map((draft) => send(draft)))
    const all = await Promise.all([...drafts, ...drafts].map((draft) => send(draft)))
    expect(all.slice(0, 20)).toEqual(first)
    expect(all.slice(60)).toEqual(all.slice(0, 60))
    expect((await storedIn(db, meetingId)).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 60 }, (_, index) => index + 1),
    )
  })

  test('C1 times rise with the numbers of a meeting', async () => {
    const meetingId = newId()
    await Promise.all(Array.from({ length: 300 }, () => harness().send({ meetingId })))
    const times = (await storedIn(harness().db, meetingId)).map(({ sent_at }) => sent_at.getTime())
    expect(times).toEqual(times.toSorted((one, other) => one - other))
  })
}

const bySeq = (one: (string | number | undefined)[], other: (string | number | undefined)[]): number =>
  Number(one[1]) - Number(other[1])
