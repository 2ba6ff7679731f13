import type { Edit } from './hooks.ts'
import type { Fault } from './judge.ts'
import { Explorer, type Found, type Report } from './pool.ts'

/** The progress of a run. */
export interface Progress {
  ran: number
  seconds: number
  simulatedMs: number
  tasks: number
  /** How often each act and fault was begun. */
  did: Map<string, number>
  found: Found[]
}

interface Options {
  seed: number
  schedules: number
  threads: number
  /** Called every few seconds. */
  onProgress?: (progress: Progress) => void
}

const batch = 500
const progressEveryMs = 5_000

/** Runs schedules of the code as it is, on several threads. */
export async function exploreAll({ onProgress, schedules, seed, threads }: Options): Promise<Progress> {
  const began = performance.now()
  const progress: Progress = { ran: 0, seconds: 0, simulatedMs: 0, tasks: 0, did: new Map(), found: [] }
  let next = 0
  let toldAt = began
  const work = async (): Promise<void> => {
    const explorer = new Explorer()
    while (next < schedules) {
      const [from, count] = [next, Math.min(batch, schedules - next)]
      next += count
      add(progress, await explorer.run({ kind: 'run', seed, from, count, stopAtFirst: false, focus: [] }))
      progress.seconds = (performance.now() - began) / 1_000
      if (performance.now() - toldAt < progressEveryMs) continue
      toldAt = performance.now()
      onProgress?.(progress)
    }
    await explorer.stop()
  }
  await Promise.all(Array.from({ length: threads }, work))
  progress.found.sort((a, b) => a.index - b.index)
  return progress
}

function add(progress: Progress, { did, found, ran, simulatedMs, tasks }: Report): void {
  progress.ran += ran
  progress.simulatedMs += simulatedMs
  progress.tasks += tasks
  progress.found.push(...found)
  for (const [what, count] of did) progress.did.set(what, (progress.did.get(what) ?? 0) + count)
}

/** The steps of one schedule, after leaving out all that does not matter for what goes wrong in it. */
export async function traceOf({
  edits = [],
  focus = [],
  index,
  seed,
}: {
  seed: number
  index: number
  edits?: readonly Edit[]
  focus?: readonly string[]
}): Promise<{ lines: string[]; faults: readonly Fault[] }> {
  const explorer = new Explorer(edits)
  const { found, lines } = await explorer.run({ kind: 'trace', seed, from: index, count: 1, stopAtFirst: true, focus })
  await explorer.stop()
  return { lines, faults: found[0]?.faults ?? [] }
}
