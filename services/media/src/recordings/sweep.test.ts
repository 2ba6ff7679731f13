import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Strict } from '@parley/contracts'
import {
  createLogger,
  createMemoryBus,
  migrate,
  newId,
  openDatabase,
  openObjects,
  readConfig,
  systemClock,
  type DatabaseHost,
  type Objects,
} from '@parley/kit'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { filesConfig } from '../files/config.ts'
import { migrations } from '../migrations/index.ts'
import { insertRecording, type RecordingDb } from './store.ts'
import { createSweep } from './sweep.ts'

const log = createLogger({ service: 'sweep-test', level: 'silent' })

describe('V3 recordings that are not to be kept', () => {
  let folder = ''
  let host: DatabaseHost
  let db: RecordingDb
  let objects: Objects
  const places = () => ({
    tracks: join(folder, 'tracks'),
    tracksAtJanus: join(folder, 'tracks'),
    work: join(folder, 'work'),
  })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-sweep-'))
    host = await openDatabase({}, { log })
    await migrate(host, { schema: 'media', migrations })
    db = host.schema('media')
    objects = await openObjects(readConfig(Strict(filesConfig), { OBJECTS_DIR: join(folder, 'objects') }))
  }, 60_000)
  afterAll(async () => {
    objects.close()
    await host.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function aRecording(status: 'ready' | 'recording', daysAgo: number): Promise<string> {
    const { id } = await insertRecording(db, { id: newId(), meeting_id: newId(), layout: 'grid', started_by: newId() })
    const set = { status, started_at: sql<Date>`clock_timestamp() - make_interval(days => ${daysAgo})` }
    await db.updateTable('recordings').set(set).where('id', '=', id).execute()
    await objects.put(`recordings/${id}/1.webm`, Buffer.from('film'), { contentType: 'video/webm' })
    await mkdir(join(places().tracks, id), { recursive: true })
    return id
  }
  const left = async () => (await db.selectFrom('recordings').select('id').execute()).map(({ id }) => id).toSorted()
  const sweep = async (retentionDays: number): Promise<void> => {
    const poller = createSweep({
      db,
      log,
      objects,
      bus: createMemoryBus({ log }),
      clock: systemClock,
      places: places(),
      retentionDays,
      rawDays: 7,
    })
    await poller.start()
    poller.stop()
  }

  test('go after their time, with what was stored and recorded of them; others stay', async () => {
    const old = await aRecording('ready', 31)
    const kept = [await aRecording('ready', 29), await aRecording('recording', 31)].toSorted()
    await sweep(0)
    expect(await left()).toEqual([old, ...kept].toSorted())
    await sweep(30)
    expect(await left()).toEqual(kept)
    expect((await objects.list(`recordings/${old}/`)).keys).toEqual([])
    expect((await objects.list(`recordings/${kept[0]}/`)).keys).toHaveLength(1)
    await expect(stat(join(places().tracks, old))).rejects.toThrow('ENOENT')
  })
})
