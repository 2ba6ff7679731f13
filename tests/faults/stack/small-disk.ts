import { execFile } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '@parley/kit/testing'

/** A file system of a few MiB in memory, which can be filled to the last byte. */
export interface SmallDisk {
  readonly dir: string
  /** Takes all the space that is left, and again what is given back meanwhile, until `empty`. */
  fill(): void
  /** Gives that space back. */
  empty(): void
  unmount(): Promise<void>
}

const run = promisify(execFile)
const refillMs = 250
/** The last of them is a page of the file system: what is left then is nothing. */
const pieces = [1_048_576, 65_536, 4_096]

/** Null where this user may not mount one. */
export async function mountSmallDisk(mib: number): Promise<SmallDisk | null> {
  const dir = await mkdtemp(join(tmpdir(), 'parley-disk-'))
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=755`, 'tmpfs', dir])
  } catch {
    await rm(dir, { recursive: true, force: true })
    return null
  }
  const filler = join(dir, 'filler')
  let timer: NodeJS.Timeout | undefined
  const empty = (): void => {
    clearInterval(timer)
    rmSync(filler, { force: true })
  }
  return {
    dir,
    fill() {
      empty()
      timer = setInterval(() => fillUp(filler), refillMs)
      fillUp(filler)
    },
    empty,
    async unmount() {
      empty()
      // A server that was ended a moment ago may still hold a file.
      await eventually(() => run('umount', [dir]), 10_000)
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function fillUp(path: string): void {
  const file = openSync(path, 'a')
  try {
    for (const bytes of pieces) while (takes(file, Buffer.alloc(bytes))) continue
  } finally {
    closeSync(file)
  }
}

/** False when there is no space. A write of a part is followed by one that fails. */
function takes(file: number, piece: Buffer): boolean {
  try {
    return writeSync(file, piece) > 0
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false
    throw error
  }
}
