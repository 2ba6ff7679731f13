import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCompleting } from './complete.ts'
import { findFile, takeLease } from './store.ts'
import { stageFiles, type FilesStage } from './testing/context.ts'

describe('F1 looking at the bytes', () => {
  let stage: FilesStage
  beforeEach(async () => void (stage = await stageFiles()))
  afterEach(() => stage.close())
  const fileOf = async (id: string) => {
    const file = await findFile(stage.context.db, id)
    if (file === undefined) throw new Error('no such file')
    return file
  }

  it('happens once, however many replicas are asked', async () => {
    const id = await stage.put({ status: 'uploading' })
    const replicas = [createCompleting(stage.context), createCompleting(stage.context)]
    const file = await fileOf(id)
    const answers = await Promise.all([...replicas, ...replicas].map((replica) => replica.complete(file)))
    expect(answers.map(({ status }) => status)).toEqual(['ready', 'ready', 'ready', 'ready'])
  })

  it('is taken up again when the replica that had the lease is gone', async () => {
    const id = await stage.put({ status: 'uploading' })
    const at = new Date(stage.clock.now())
    await takeLease(stage.context.db, { id, lease: id }, { at, until: new Date(stage.clock.now() + 30_000) })
    stage.clock.advance(29_000)
    const waiting = createCompleting(stage.context).complete(await fileOf(id))
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect((await fileOf(id)).status).toBe('uploading')
    stage.clock.advance(2_000)
    expect(await waiting).toMatchObject({ id, status: 'ready' })
  })

  it('says in time that it takes longer', async () => {
    const id = await stage.put({ status: 'uploading' })
    const at = new Date(stage.clock.now())
    await takeLease(stage.context.db, { id, lease: id }, { at, until: new Date(stage.clock.now() + 30_000) })
    const waiting = createCompleting(stage.context).complete(await fileOf(id))
    await new Promise((resolve) => setTimeout(resolve, 100))
    stage.clock.advance(9_000)
    expect(await waiting).toMatchObject({ id, status: 'uploading' })
  })
})
