import { newId } from '@parley/kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eraseDeleted } from './remove.ts'
import { findFile } from './store.ts'
import { createSweep } from './sweep.ts'
import { stageFiles, type FilesStage } from './testing/context.ts'

const hourMs = 3_600_000

describe('F1 the sweep', () => {
  let stage: FilesStage
  beforeEach(async () => void (stage = await stageFiles()))
  afterEach(() => stage.close())
  const sweep = () => createSweep(stage.context).round()
  const isThere = async (id: string): Promise<boolean[]> => [
    (await findFile(stage.context.db, id)) !== undefined,
    await stage.exists(id),
  ]

  it('deletes what was never finished or never used, after a day and not before, and keeps what is in a message', async () => {
    const unused = await stage.put()
    const unfinished = await stage.put({ status: 'uploading' })
    const refused = await stage.put({ status: 'refused' })
    const used = await stage.put({ attached_to: 'message/1' })
    stage.clock.advance(23 * hourMs)
    const young = await stage.put()
    await sweep()
    for (const id of [unused, unfinished, refused, used, young]) expect(await isThere(id)).toEqual([true, true])
    stage.clock.advance(2 * hourMs)
    await sweep()
    for (const id of [unused, unfinished, refused]) expect(await isThere(id)).toEqual([false, false])
    for (const id of [used, young]) expect(await isThere(id)).toEqual([true, true])
  })

  it('asks for nothing where there is nothing to erase, and leaves the rest to its own round', async () => {
    const deleted = await stage.put({ deleted_at: new Date() })
    expect(await eraseDeleted(stage.context, [])).toBe(0)
    // Nobody finds it any more; its bytes are still there.
    expect(await isThere(deleted)).toEqual([false, true])
  })

  it('deletes the files of a deleted meeting, those in messages too', async () => {
    const meetingId = newId()
    const ids = [
      await stage.put({ meeting_id: meetingId }),
      await stage.put({ meeting_id: meetingId, attached_to: 'message/1' }),
    ]
    const other = await stage.put()
    await sweep()
    for (const id of [...ids, other]) expect(await isThere(id)).toEqual([true, true])
    stage.gone.add(meetingId)
    await sweep()
    for (const id of ids) expect(await isThere(id)).toEqual([false, false])
    expect(await isThere(other)).toEqual([true, true])
  })

  it('deletes the avatar and the unused files of an account that is gone, not what it said in a meeting', async () => {
    const owner = { owner_id: newId() }
    const avatar = await stage.put({
      ...owner,
      purpose: 'avatar',
      meeting_id: null,
      attached_to: `avatar/${owner.owner_id}`,
    })
    const unused = await stage.put(owner)
    const said = await stage.put({ ...owner, attached_to: 'message/1' })
    stage.gone.add(owner.owner_id)
    await sweep()
    for (const id of [avatar, unused]) expect(await isThere(id)).toEqual([false, false])
    expect(await isThere(said)).toEqual([true, true])
  })

  it('erases later what the storage did not let go at once', async () => {
    const id = await stage.put()
    await stage.context.db.updateTable('files').set({ deleted_at: new Date() }).where('id', '=', id).execute()
    expect(await isThere(id)).toEqual([false, true])
    await sweep()
    expect(await isThere(id)).toEqual([false, false])
    expect(await stage.context.db.selectFrom('files').select('id').where('id', '=', id).execute()).toEqual([])
  })
})
