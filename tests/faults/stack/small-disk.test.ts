import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mountSmallDisk } from './small-disk.ts'

describe('a small disk', () => {
  it('T11 is filled to the last byte, stays so when space is given back, and is empty again', async () => {
    const disk = await mountSmallDisk(8)
    // Nobody but root may mount; T11 says so then.
    if (disk === null) return expect(process.getuid?.()).not.toBe(0)
    const write = (name: string) => writeFile(join(disk.dir, name), Buffer.alloc(65_536)).then(() => 'written')
    expect(await write('before')).toBe('written')
    disk.fill()
    await expect(write('meanwhile')).rejects.toMatchObject({ code: 'ENOSPC' })
    disk.empty()
    expect(await write('after')).toBe('written')
    await disk.unmount()
    expect(existsSync(disk.dir)).toBe(false)
  })
})
