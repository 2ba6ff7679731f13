import { readFileSync } from 'node:fs'
import { eventually } from './eventually.ts'

/** Stops a process with SIGSTOP, and waits until every thread of it stands still: the signal alone returns before that. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await eventually(() => {
    // The state is the first field after the name in brackets, proc(5).
    const state = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.[0]
    if (state !== 'T') throw new Error(`process ${pid} is still ${state}`)
  }, 2_000)
}
