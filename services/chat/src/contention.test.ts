import { setTimeout as sleep } from 'node:timers/promises'
import { isProblem, newId, openDatabase, type DatabaseHost } from '@parley/kit'
import { startPostgres, type RunningServer } from '@parley/kit/testing'
import { sql, type Transaction } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChatTables } from './tables.ts'
import { createHarness, newDraft, storedIn, type Harness } from './testing/harness.ts'
import { mostMs, problemOrThrow, timed } from './testing/outcome.ts'
import { databaseStage, log, type Stage } from './testing/stages.ts'

describe('chat and another writer of the same meeting', () => {
  let postgres: RunningServer
  let stage: Stage
  let harness: Harness
  let other: DatabaseHost
  beforeAll(async () => {
    postgres = await startPostgres()
    stage = await databaseStage(postgres)
    harness = await createHarness(stage)
    other = await openDatabase(postgres, { log })
  })
  afterAll(async () => {
    await other.close()
    await harness.stop()
    await stage.close()
    await postgres.stop()
  })

  /** A transaction that holds the meeting's counter until `end` has been called. */
  async function holdCounter(
    meetingId: string,
  ): Promise<{ transaction: Transaction<ChatTables>; end(): Promise<void> }> {
    const letGo = Promise.withResolvers<void>()
    const held = Promise.withResolvers<Transaction<ChatTables>>()
    const done = other
      .schema<ChatTables>('chat')
      .transaction()
      .execute(async (transaction) => {
        await sql`select from chat.counters where meeting_id = ${meetingId} for update`.execute(transaction)
        held.resolve(transaction)
        await letGo.promise
      })
    return {
      transaction: await held.promise,
      end() {
        letGo.resolve()
        return done
      },
    }
  }

  test('C1 T11 a locked counter: its meeting answers unavailable in time, the other meetings go on', async () => {
    const locked = newId()
    const others = Array.from({ length: 5 }, newId)
    for (const meetingId of [locked, ...others]) await harness.send({ meetingId })
    const { end } = await holdCounter(locked)
    const ended: string[] = []
    const stuck = Array.from({ length: 20 }, () =>
      timed(
        harness
          .send({ meetingId: locked })
          .catch(problemOrThrow)
          .finally(() => ended.push('locked')),
      ),
    )
    const free = await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        harness.send({ meetingId: others[at % 5] ?? '' }).finally(() => ended.push('other')),
      ),
    )
    const refused = await Promise.all(stuck)
    await end()
    expect(free.every(({ message }) => message.seq > 1)).toBe(true)
    // Nobody of the others waited for the lock, which is given up after a second.
    expect(ended.lastIndexOf('other')).toBeLessThan(ended.indexOf('locked'))
    for (const { ms, value } of refused) expect([isProblem(value, 'unavailable'), ms < mostMs]).toEqual([true, true])
    expect((await harness.send({ meetingId: locked })).message.seq).toBe(2)
  })

  test('C6 T11 a locked counter: edits of its meeting answer unavailable in time, those of others go on', async () => {
    const [locked, free] = [newId(), newId()]
    const edited = async (meetingId: string) => {
      const draft = { ...newDraft(), meetingId }
      const { message } = await harness.send(draft)
      const edit = { meetingId, messageId: message.id, userId: draft.sender.id }
      return (text: string) => timed(harness.change.edit({ ...edit, text }).catch(problemOrThrow))
    }
    const [editLocked, editFree] = [await edited(locked), await edited(free)]
    const { end } = await holdCounter(locked)
    const stuck = Array.from({ length: 20 }, (_, at) => editLocked(`edit ${at}`))
    const others = Array.from({ length: 5 }, (_, at) => editFree(`edit ${at}`))
    for (const { value } of await Promise.all(others)) expect(isProblem(value)).toBe(false)
    const refused = await Promise.all(stuck)
    await end()
    for (const { ms, value } of refused) expect([isProblem(value), ms < mostMs]).toEqual([true, true])
    expect(isProblem((await editLocked('again')).value)).toBe(false)
  })

  test('C1 a key that another replica stores while ours waits for the counter is found, and takes no second number', async () => {
    const meetingId = newId()
    await harness.send({ meetingId })
    const draft = { ...newDraft(), meetingId }
    const { transaction, end } = await holdCounter(meetingId)
    const sends = [draft, { ...draft, clientMessageId: newId() }, { ...draft, text: 'another' }].map((one) =>
      harness.send(one).catch(problemOrThrow),
    )
    // Ours has its snapshot now and waits for the lock.
    await sleep(100)
    const id = newId()
    await transaction.updateTable('counters').set({ last_seq: 2 }).where('meeting_id', '=', meetingId).execute()
    await transaction
      .insertInto('messages')
      .values({
        id,
        meeting_id: meetingId,
        seq: 2,
        type: 'text',
        text: draft.text,
        sender_id: draft.sender.id,
        sender_name: 'Ann',
        client_message_id: draft.clientMessageId,
        sent_at: new Date(),
        edited_at: null,
        deleted_at: null,
      })
      .execute()
    await end()
    const [same, fresh, conflict] = await Promise.all(sends)
    expect(same).toMatchObject({ message: { id, seq: 2 } })
    expect(fresh).toMatchObject({ message: { seq: 3 } })
    expect(conflict).toMatchObject({ code: 'idempotency-conflict' })
    expect((await storedIn(harness.db, meetingId)).map(({ seq }) => seq)).toEqual([1, 2, 3])
  })

  test('C1 first messages of many new meetings through two replicas at once: no deadlock, no gap', async () => {
    const meetings = Array.from({ length: 50 }, newId)
    const drafts = Array.from({ length: 1000 }, (_, at) => ({
      ...newDraft(),
      meetingId: meetings[(at * 7) % 50] ?? '',
    }))
    await Promise.all(drafts.map((draft) => harness.send(draft)))
    for (const meetingId of meetings) {
      expect((await storedIn(harness.db, meetingId)).map(({ seq }) => seq)).toEqual(
        Array.from({ length: 20 }, (_, at) => at + 1),
      )
    }
  })
})
