import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The clock of a process that runs under libfaketime. Only the time of day is another; monotonic clocks go on as they do. */
export interface FakeClock {
  /** The environment that the process is started with. */
  readonly env: Readonly<Record<string, string>>
  /** Sets the clock so many seconds ahead of the true one, or behind; while it runs. */
  set(seconds: number): void
  /** When the process has ended. */
  remove(): void
}

/** Debian's `libfaketime`, of whatever architecture. */
function findLibrary(): string {
  const [found] = readdirSync('/usr/lib')
    .map((folder) => join('/usr/lib', folder, 'faketime', 'libfaketimeMT.so.1'))
    .filter((path) => existsSync(path))
  if (found === undefined)
    throw new Error('libfaketime is not installed: apt-get install -y --no-install-recommends faketime')
  return found
}

/** @throws Error naming the Debian package when libfaketime is not installed */
export function createFakeClock(): FakeClock {
  const library = findLibrary()
  const folder = mkdtempSync(join(tmpdir(), 'parley-clock-'))
  const file = join(folder, 'offset')
  function set(seconds: number): void {
    // In one step: it is read all the time.
    writeFileSync(`${file}.next`, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}\n`)
    renameSync(`${file}.next`, file)
  }
  set(0)
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      // Each question for the time reads the file.
      FAKETIME_NO_CACHE: '1',
      DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    set,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
