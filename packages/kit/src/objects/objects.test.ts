import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../ids.ts'
import { eventually } from '../testing/eventually.ts'
import { startSwift, type RunningSwift } from '../testing/swift.ts'
import { openFolderObjects } from './objects-folder.ts'
import { openS3Objects, type S3Options } from './objects-s3.ts'
import { objectsContract } from './objects.contract.ts'

const type = { contentType: 'text/plain' }
let root: string
let swift: RunningSwift
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'parley-objects-'))
  swift = await startSwift()
  // Makes the bucket.
  await openSwift().reachable()
}, 60_000)
afterAll(async () => {
  await swift.stop()
  await rm(root, { recursive: true, force: true })
})

const openSwift = (other: Partial<S3Options> = {}) =>
  openS3Objects({ ...swift, region: 'us-east-1', bucket: 'parley', forcePathStyle: true, ...other })

objectsContract('objects in a folder', () => openFolderObjects(join(root, 'contract')))
objectsContract('objects in S3', async () => openSwift())

describe('F1 objects in a folder', () => {
  it('leave nothing behind of what was broken off, and are seen by another process', async () => {
    const dir = join(root, 'two')
    const [one, other] = [await openFolderObjects(dir), await openFolderObjects(dir)]
    await one.put('a/b', Buffer.from('x'), type)
    expect(await other.head('a/b')).toEqual({ sizeBytes: 1 })
    await expect(one.put('a/c', Buffer.from('x'), { ...type, sizeBytes: 2 })).rejects.toThrow()
    const upload = await one.multipart('a/d', type)
    await upload.put(1, Buffer.from('x'), { sizeBytes: 1 })
    await upload.complete()
    await one.delete('a/d')
    expect(await readdir(join(dir, 'incoming'))).toEqual([])
    expect(await readdir(join(dir, 'uploads'))).toEqual([])
  })

  it('say that the disk is full, store nothing of it, and go on when there is room', async () => {
    const dir = join(root, 'small')
    await mkdir(dir)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir])
    try {
      const objects = await openFolderObjects(dir)
      await objects.put('a', randomBytes(700_000), type)
      const full = { code: 'unavailable', message: 'The file storage is full' }
      await expect(objects.put('b', randomBytes(700_000), type)).rejects.toMatchObject(full)
      const upload = await objects.multipart('c', type)
      const tooMuch = upload.put(1, randomBytes(700_000), { sizeBytes: 700_000 })
      await expect(tooMuch).rejects.toMatchObject(full)
      expect(await upload.parts()).toEqual([])
      expect(await objects.head('b')).toBeNull()
      await objects.delete('a')
      await objects.put('b', randomBytes(700_000), type)
    } finally {
      execFileSync('umount', [dir])
    }
  })

  it('are not reachable when the folder is away', async () => {
    const dir = join(root, 'away')
    const objects = await openFolderObjects(dir)
    expect(await objects.reachable()).toBe(true)
    await rm(dir, { recursive: true })
    expect(await objects.reachable()).toBe(false)
    await expect(objects.put('a', Buffer.from('x'), type)).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('F1 objects in S3', () => {
  it('have links that expire, and refuse a link with a changed letter', async () => {
    const objects = openSwift()
    const key = `links/${newId()}`
    await objects.put(key, Buffer.from('secret'), type)
    const url = (await objects.signedUrl?.(key, { seconds: 2, fileName: 'ä b".txt' })) ?? ''
    const answer = await fetch(url)
    expect([answer.status, await answer.text()]).toEqual([200, 'secret'])
    expect(answer.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''%C3%A4%20b%22.txt")
    const statusOf = async (changed: string): Promise<number> => (await fetch(changed)).status
    expect(await statusOf(url.replace(key, `links/${newId()}`))).toBe(403)
    expect(await statusOf(url.replace('X-Amz-Expires=2', 'X-Amz-Expires=9999'))).toBe(403)
    expect(
      await statusOf(url.replace(/(X-Amz-Signature=)(.)/, (_all, name, first) => name + (first === '0' ? '1' : '0'))),
    ).toBe(403)
    expect([400, 403]).toContain(await statusOf(url.split('?')[0] ?? ''))
    await eventually(async () => expect(await statusOf(url)).toBe(403), 6_000)
  })

  it('are unavailable with a wrong key, and while the store is away', async () => {
    const wrong = openSwift({ secretAccessKey: 'another' })
    expect(await wrong.reachable()).toBe(false)
    await expect(wrong.put('a', Buffer.from('x'), type)).rejects.toMatchObject({ code: 'unavailable' })
    const away = openSwift({ endpoint: 'http://127.0.0.1:1' })
    expect(await away.reachable()).toBe(false)
    const calls = [
      () => away.get('a'),
      () => away.head('a'),
      () => away.delete('a'),
      () => away.list(''),
      () => away.multipart('a', type),
    ]
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'unavailable' })
  })
})
