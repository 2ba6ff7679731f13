import { chatBus, erasedName, privacyBus } from '@parley/contracts'
import { newId, request } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { describe, expect, test } from 'vitest'
import { hearRoom, storedIn, type Harness } from '../harness.ts'

export function changingSuite(harness: () => Harness): void {
  /** A message of a new person in a meeting, with the token of who wrote it. */
  async function said(text = 'hello', meetingId: string = newId()) {
    const userId = newId()
    const token = harness().token(userId)
    const { body } = await harness().post(meetingId, token, { clientMessageId: newId(), text })
    return { meetingId, id: body.id, token, userId, body }
  }

  describe('C3 edit', () => {
    test('an author changes the text; the room is told once, and a repeat changes nothing', async () => {
      const { edit, replicas, db } = harness()
      const mine = await said()
      const heard = await hearRoom(harness(), mine.meetingId, 'chat.updated')
      const first = await edit(mine, mine.token, 'hällo 👋')
      expect([first.status, first.body]).toEqual([
        200,
        { ...mine.body, text: 'hällo 👋', rev: 1, editedAt: first.body.editedAt },
      ])
      expect(first.body.editedAt).toMatch(/^\d{4}-.*\.\d{3}Z$/)
      const again = await edit(mine, mine.token, 'hällo 👋', replicas[1])
      expect([again.status, again.body]).toEqual([200, first.body])
      await eventually(() => expect(heard).toEqual([first.body]))
      expect(await storedIn(db, mine.meetingId)).toMatchObject([{ seq: 1, rev: 1, text: 'hällo 👋' }])
    })

    test('C7 a repeated change is announced again, one that never happened is not', async () => {
      const { edit, delete: remove } = harness()
      const mine = await said()
      const again = await hearRoom(harness(), mine.meetingId, 'chat.updated', true)
      await edit(mine, mine.token, 'hello')
      const { body } = await edit(mine, mine.token, 'changed')
      await edit(mine, mine.token, 'changed')
      await eventually(() => expect(again).toEqual([body]))
      for (let times = 0; times < 2; times += 1) await remove(mine, mine.token)
      await eventually(() => expect(again).toMatchObject([body, { rev: 2 }]))
    })

    test('refuses others, anybody who may not write in the meeting, and an unknown message', async () => {
      const { edit, meetings, token } = harness()
      const mine = await said()
      const codeOf = async (...call: Parameters<typeof edit>) => (await edit(...call)).body.code
      expect(await codeOf(mine, token(), 'mine now')).toBe('forbidden')
      expect(await codeOf({ ...mine, id: newId() }, mine.token, 'x')).toBe('not-found')
      const elsewhere = await said()
      expect(await codeOf({ meetingId: elsewhere.meetingId, id: mine.id }, mine.token, 'x')).toBe('not-found')
      for (const text of ['', 'x'.repeat(4001), 'a\0b', 'a\ud83d'])
        expect(await codeOf(mine, mine.token, text)).toBe('invalid-input')
      meetings.set(mine.meetingId, { over: true })
      // A second long it is remembered that one might; the same text changes nothing.
      await eventually(async () => expect(await codeOf(mine, mine.token, 'hello')).toBe('meeting-over'))
      expect(await storedIn(harness().db, mine.meetingId)).toMatchObject([{ text: 'hello', rev: 0 }])
    })

    test('over the bus as over REST', async () => {
      const { edit, change } = harness()
      const mine = await said()
      const its = { meetingId: mine.meetingId, userId: mine.userId, messageId: mine.id }
      const { message } = await change.edit({ ...its, text: 'by bus' })
      expect(message).toMatchObject({ id: mine.id, text: 'by bus', rev: 1 })
      expect((await edit(mine, mine.token, 'by bus')).body).toEqual(message)
      await expect(change.edit({ ...its, userId: newId(), text: 'x' })).rejects.toMatchObject({ code: 'forbidden' })
      await expect(change.edit({ ...its, text: 'a\0' })).rejects.toMatchObject({ code: 'invalid-input' })
    })
  })

  describe('C3 delete', () => {
    test('the author deletes: the text is gone from the database, the number stays, and a repeat changes nothing', async () => {
      const { list, db, replicas } = harness()
      const mine = await said('a secret')
      await said('after it', mine.meetingId)
      const heard = await hearRoom(harness(), mine.meetingId, 'chat.updated')
      for (const replica of [...replicas, ...replicas])
        expect((await harness().delete(mine, mine.token, replica)).status).toBe(204)
      const rows = await storedIn(db, mine.meetingId)
      expect(rows.map(({ seq, text, rev }) => [seq, text, rev])).toEqual([
        [1, null, 1],
        [2, 'after it', 0],
      ])
      expect(JSON.stringify(rows)).not.toContain('secret')
      const { items } = (await list(mine.meetingId, mine.token, { afterSeq: 0 })).body
      expect(items[0]).toEqual({ ...withoutText(mine.body), rev: 1, deletedAt: items[0]?.deletedAt })
      await eventually(() => expect(heard).toEqual([items[0]]))
    })

    test('a host and a cohost delete what others wrote, nobody else does; also after the meeting', async () => {
      const { meetings, token, delete: remove } = harness()
      for (const role of ['host', 'cohost', 'participant', 'guest'] as const) {
        const theirs = await said()
        meetings.set(theirs.meetingId, { role, over: true, mayChat: false })
        const moderates = role === 'host' || role === 'cohost'
        expect((await remove(theirs, token())).status).toBe(moderates ? 204 : 403)
        expect((await storedIn(harness().db, theirs.meetingId))[0]?.text).toBe(moderates ? null : 'hello')
      }
    })

    test('a deleted message cannot be edited, and a repeated send returns it deleted', async () => {
      const { edit, post } = harness()
      const mine = await said()
      await harness().delete(mine, mine.token)
      const edited = await edit(mine, mine.token, 'back')
      expect([edited.status, edited.body.code]).toEqual([409, 'wrong-state'])
      const { clientMessageId } = mine.body
      const again = await post(mine.meetingId, mine.token, { clientMessageId, text: 'hello' })
      expect([again.status, again.body.id, again.body.text]).toEqual([200, mine.id, undefined])
    })

    test('of edits and a deletion at once the deletion wins, and the room hears it last', async () => {
      for (let round = 0; round < 5; round += 1) {
        const mine = await said()
        const heard = await hearRoom(harness(), mine.meetingId, 'chat.updated')
        const edits = Array.from({ length: 10 }, (_, at) =>
          harness().edit(mine, mine.token, `text ${at}`, harness().replicas[at % 2]),
        )
        const [, ...edited] = await Promise.all([harness().delete(mine, mine.token), ...edits])
        for (const { status } of edited) expect([200, 409]).toContain(status)
        const [row] = await storedIn(harness().db, mine.meetingId)
        expect([row?.text, row?.deleted_at === null]).toEqual([null, false])
        const changes = edited.filter(({ status }) => status === 200).length + 1
        expect(row?.rev).toBe(changes)
        await eventually(() => expect(heard).toHaveLength(changes))
        const newest = heard.toSorted((one, other) => (one.rev ?? 0) - (other.rev ?? 0)).at(-1)
        expect(newest).toMatchObject({ rev: changes, deletedAt: row?.deleted_at?.toISOString() })
      }
    })
  })

  describe('C2 C3 what was changed since', () => {
    test('comes by the number of the change, each message once and as it is now; the head says up to where', async () => {
      const { list, head, edit } = harness()
      const meetingId = newId()
      const all = []
      for (let at = 0; at < 6; at += 1) all.push(await said(`text ${at}`, meetingId))
      expect(await head(meetingId)).toEqual({ seq: 6, rev: 0 })
      const token = all[0]?.token ?? ''
      const changed = async (query: Record<string, string | number>) => {
        const { body } = await list(meetingId, token, query)
        return { seqs: body.items.map(({ seq, rev }) => [seq, rev]), next: body.nextCursor }
      }
      expect(await changed({ changedSince: 0 })).toEqual({ seqs: [], next: null })
      for (const at of [4, 1, 3, 4, 0]) {
        const one = all[at]
        if (one) await edit(one, one.token, `changed ${at} ${newId()}`)
      }
      expect(await head(meetingId)).toEqual({ seq: 6, rev: 5 })
      const expected = [
        [2, 2],
        [4, 3],
        [5, 4],
        [1, 5],
      ]
      expect(await changed({ changedSince: 0 })).toEqual({ seqs: expected, next: null })
      expect(await changed({ changedSince: 3 })).toEqual({ seqs: expected.slice(2), next: null })
      const first = await changed({ changedSince: 0, limit: 3 })
      expect(first.seqs).toEqual(expected.slice(0, 3))
      expect(await changed({ limit: 3, cursor: first.next ?? '' })).toEqual({ seqs: expected.slice(3), next: null })
    })

    test('numbers have no gap though two replicas change at once, while others send', async () => {
      const meetingId = newId()
      const all = await Promise.all(Array.from({ length: 20 }, () => said('x', meetingId)))
      await Promise.all(
        all.flatMap((one, at) => [
          harness().edit(one, one.token, `edited ${at}`, harness().replicas[at % 2]),
          harness().send({ meetingId }),
        ]),
      )
      const rows = await storedIn(harness().db, meetingId)
      const revs = rows.flatMap(({ rev }) => (rev === 0 ? [] : [rev]))
      expect(revs.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1))
      expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1))
      expect(await harness().head(meetingId)).toEqual({ seq: 40, rev: 20 })
    })
  })

  test('C3 a notice of a service has a number, is stored once however often it is sent, and cannot be changed', async () => {
    const { change, edit, post, meetings, token } = harness()
    const mine = await said()
    const system = { kind: 'host-changed', data: { by: 'Zo "Z" Ray', name: 'Ann' } }
    const notice = { meetingId: mine.meetingId, noticeId: newId(), text: 'Ann is now the host', system }
    const heard = await hearRoom(harness(), mine.meetingId)
    const told = await Promise.all(Array.from({ length: 6 }, () => change.system(notice)))
    const [{ message } = { message: mine.body }] = told
    expect(told).toEqual(told.map(() => ({ message })))
    expect(message).toMatchObject({
      seq: 2,
      type: 'system',
      text: 'Ann is now the host',
      system,
      sender: { id: mine.meetingId, name: 'System' },
    })
    expect((await post(mine.meetingId, mine.token, { clientMessageId: newId(), text: 'x' })).body.seq).toBe(3)
    await eventually(() => expect(heard.map(({ type }) => type)).toEqual(['system', 'text']))
    meetings.set(mine.meetingId, { role: 'host' })
    const its = { meetingId: mine.meetingId, id: message.id }
    expect((await edit(its, token(), 'x')).body.code).toBe('forbidden')
    expect((await harness().delete(its, token())).body.code).toBe('forbidden')
    await expect(change.system({ ...notice, text: 'Bob is' })).rejects.toMatchObject({ code: 'idempotency-conflict' })
    await expect(change.system({ ...notice, text: '' })).rejects.toMatchObject({ code: 'invalid-input' })

    const { bus } = harness()
    const { meetingId } = mine
    await request(bus, privacyBus.eraseFromNotices, { meetingIds: [meetingId], name: system.data.by })
    const { messages } = await request(bus, chatBus.after, { meetingId, by: 'seq', number: 1, limit: 1 })
    expect(messages.map((one) => one.system)).toEqual([{ ...system, data: { ...system.data, by: erasedName } }])
  })
}

const withoutText = <T extends { text?: string }>({ text: _text, ...rest }: T): Omit<T, 'text'> => rest
