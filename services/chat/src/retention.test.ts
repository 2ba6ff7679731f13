import { createLogger, json, migrate, newId, openDatabase, type DatabaseHost } from '@parley/kit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrations } from './migrations/index.ts'
import { forgetMessages } from './retention.ts'
import type { ChatTables } from './tables.ts'

const dayMs = 86_400_000
let host: DatabaseHost
beforeAll(async () => {
  host = await openDatabase({}, { log: createLogger({ service: 'chat', level: 'silent' }) })
  await migrate(host, { schema: 'chat', migrations })
}, 60_000)
afterAll(() => host.close())

it('O11.7 messages go when they are too old; one with a file only when media has let go of the file', async () => {
  const db = host.schema<ChatTables>('chat')
  const [meetingId, now] = [newId(), Date.now()]
  const put = (seq: number, days: number, file: object | null) =>
    db
      .insertInto('messages')
      .values({
        id: newId(),
        meeting_id: meetingId,
        seq,
        type: 'text',
        text: `of ${days} days ago`,
        file: file === null ? null : (json(file) as never),
        sender_id: newId(),
        sender_name: 'Ada',
        client_message_id: newId(),
        sent_at: new Date(now - days * dayMs),
      })
      .execute()
  await put(1, 40, null)
  await put(2, 40, { id: newId() })
  await put(3, 20, null)
  const read = () => db.selectFrom('messages').select(['seq', 'text', 'deleted_at']).orderBy('seq').execute()
  const forget = () => forgetMessages(db, new Date(now - 30 * dayMs), new Date(now))
  expect(await forget()).toBe(false)
  expect(await read()).toMatchObject([
    { seq: 2, text: null, deleted_at: new Date(now) },
    { seq: 3, text: 'of 20 days ago' },
  ])
  // As the job does that tells media of files to drop.
  await db.updateTable('messages').set({ file: null }).where('deleted_at', 'is not', null).execute()
  await forget()
  expect((await read()).map(({ seq }) => seq)).toEqual([3])
})
