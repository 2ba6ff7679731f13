import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger, migrate, newId, openDatabase, type DatabaseHost } from '@parley/kit'
import { startPostgres, type RunningServer } from '@parley/kit/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrations } from '../migrations/index.ts'
import { begun, failed, withoutMedia } from './changes.ts'
import {
  askToStop,
  change,
  claim,
  findRunning,
  insertRecording,
  lookAt,
  noteStays,
  release,
  renew,
  staysOf,
  type RecordingDb,
} from './store.ts'

const log = createLogger({ service: 'recordings-test', level: 'error' })

describe.each(['PGlite', 'PostgreSQL'])('V3 recordings that are written down in %s', (kind) => {
  let server: RunningServer | undefined
  let host: DatabaseHost
  let db: RecordingDb

  beforeAll(async () => {
    server = kind === 'PostgreSQL' ? await startPostgres() : undefined
    host = await openDatabase(server === undefined ? {} : { url: server.url }, { log })
    await migrate(host, { schema: 'media', migrations })
    db = host.schema('media')
  }, 60_000)
  afterAll(async () => {
    await host.close()
    await server?.stop()
  })

  const newRecording = (meetingId = newId()) =>
    insertRecording(db, { id: newId(), meeting_id: meetingId, layout: 'grid', started_by: newId() })
  /** As if the holder had not renewed for longer than its lease. */
  const runOut = (id: string) =>
    db
      .updateTable('recordings')
      .set({ held_until: sql<Date>`clock_timestamp() - interval '1 second'` })
      .where('id', '=', id)
      .execute()
  const claimed = async (holder: string, id: string) =>
    (await claim(db, holder, 'capturing')).find((row) => row.id === id)

  test('one of a meeting goes on at a time, and the next may begin when it is over', async () => {
    const meetingId = newId()
    const { id } = await newRecording(meetingId)
    await expect(newRecording(meetingId)).rejects.toThrow('recordings_running')
    expect((await findRunning(db, meetingId))?.id).toBe(id)
    const lease = await claimed('one', id)
    await change(db, lease ?? { id, fence: 0 }, failed('no-media'))
    expect((await newRecording(meetingId)).status).toBe('requested')
  })

  test('T29 a holder that was given up changes nothing, and finds out', async () => {
    const { id } = await newRecording()
    const first = await claimed('one', id)
    expect(first).toMatchObject({ holder: 'one', fence: 1 })
    expect(await claimed('two', id)).toBeUndefined()
    await runOut(id)
    const second = await claimed('two', id)
    expect(second).toMatchObject({ holder: 'two', fence: 2 })
    const [old, current] = [
      { id, fence: 1 },
      { id, fence: 2 },
    ]
    expect(await change(db, old, begun)).toBeUndefined()
    expect([await renew(db, old), await lookAt(db, old)]).toEqual([false, undefined])
    await release(db, old)
    expect(await claimed('three', id)).toBeUndefined()
    expect(await change(db, current, begun)).toMatchObject({ status: 'starting', rev: 2 })
    await release(db, current)
    expect(await claimed('three', id)).toMatchObject({ holder: 'three', fence: 3 })
  })

  test('a stop is asked once, and a notice said once', async () => {
    const { id } = await newRecording()
    const lease = await claimed('one', id)
    if (lease === undefined) throw new Error('not claimed')
    for (let again = 0; again < 2; again += 1) {
      await askToStop(db, id)
      await change(db, lease, withoutMedia)
    }
    expect(await lookAt(db, lease)).toMatchObject({ stop_reason: 'host', failure_code: 'no-media', rev: 3 })
    const notices = await db.selectFrom('recording_notices').selectAll().where('id', 'like', `rec-${id}%`).execute()
    expect(notices).toHaveLength(1)
  })

  test('stays grow while somebody is seen', async () => {
    const { id } = await newRecording()
    const participant = { participantId: newId(), name: 'Ann' }
    await noteStays(db, id, [participant])
    await sleep(30)
    await noteStays(db, id, [participant, { participantId: newId(), name: 'Bob' }])
    const stays = await staysOf(db, id)
    expect(stays.map(({ name }) => name)).toEqual(['Ann', 'Bob'])
    expect(Number(stays[0]?.to_at) - Number(stays[0]?.from_at)).toBeGreaterThan(20)
  })
})
