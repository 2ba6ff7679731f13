import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authBus, meetingsBus, Strict } from '@parley/contracts'
import {
  respond,
  createLogger,
  createMemoryBus,
  migrate,
  newId,
  openDatabase,
  openObjects,
  readConfig,
  type Objects,
} from '@parley/kit'
import { fakeClock, type TestClock } from '@parley/kit/testing'
import { migrations } from '../../migrations/index.ts'
import { filesConfig } from '../config.ts'
import type { FilesContext } from '../context.ts'
import { keyOf } from '../keys.ts'
import { createLinks } from '../links.ts'
import { createRights } from '../rights.ts'
import { insertFile } from '../store.ts'
import type { FilesTables, NewFile } from '../tables.ts'

/** The files of a service without its HTTP: a real database and folder, and a bus on which meetings and auth answer. */
export interface FilesStage {
  context: FilesContext
  clock: TestClock
  objects: Objects
  /** Meetings and accounts that are there no more. */
  gone: Set<string>
  /** A file with bytes. */
  put(file?: Partial<NewFile>): Promise<string>
  exists(id: string): Promise<boolean>
  close(): Promise<void>
}

export async function stageFiles(): Promise<FilesStage> {
  const dir = await mkdtemp(join(tmpdir(), 'parley-files-'))
  const log = createLogger({ service: 'media', level: 'silent' })
  const host = await openDatabase({}, { log })
  await migrate(host, { schema: 'media', migrations })
  const db = host.schema<FilesTables>('media')
  const bus = createMemoryBus()
  const gone = new Set<string>()
  respond(
    bus,
    meetingsBus.deleted,
    'meetings',
    async ({ meetingIds }) => ({ deleted: meetingIds.filter((id) => gone.has(id)) }),
    log,
  )
  respond(bus, authBus.gone, 'auth', async ({ userIds }) => ({ gone: userIds.filter((id) => gone.has(id)) }), log)
  const config = readConfig(Strict(filesConfig), { OBJECTS_DIR: dir })
  const objects = await openObjects(config)
  const clock = fakeClock(Date.now())
  const shared = { config, db, bus, clock, log, objects }
  const context = { ...shared, rights: createRights(shared), links: createLinks(shared), scanner: null }
  return {
    context,
    clock,
    objects,
    gone,
    async put(file = {}) {
      const id = newId()
      await objects.put(keyOf(id, 'original'), Buffer.from('hello'), { contentType: 'text/plain' })
      await insertFile(db, { ...plain(id, new Date(clock.now())), ...file })
      return id
    },
    exists: async (id) => (await objects.head(keyOf(id, 'original'))) !== null,
    async close() {
      objects.close()
      await bus.close(100)
      await host.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

const plain = (id: string, now: Date): NewFile => ({
  id,
  purpose: 'attachment',
  owner_id: newId(),
  meeting_id: newId(),
  name: 'a.txt',
  declared_type: 'text/plain',
  content_type: 'text/plain',
  size_bytes: 5,
  part_bytes: 5,
  upload_id: null,
  status: 'ready',
  created_at: now,
  touched_at: now,
})
