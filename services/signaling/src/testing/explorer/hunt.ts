import { Explorer, type Found } from './pool.ts'
import type { Mutant } from './mutant.ts'

/** The result for a mutant. */
export interface Catch {
  id: string
  without: string
  /** How many schedules it took; null: it was not found. */
  after: number | null
  /** The first thing that did not hold. */
  check: string
  found: Found | null
  tookMs: number
}

/** Runs schedules on the code without one mend, until something does not hold. */
async function hunt(
  { edits, focus = [], id, without }: Mutant,
  { seed, most }: { seed: number; most: number },
): Promise<Catch> {
  const explorer = new Explorer(edits)
  try {
    const { found, ran, tookMs } = await explorer.run({
      kind: 'run',
      seed,
      from: 0,
      count: most,
      stopAtFirst: true,
      focus,
    })
    const [first = null] = found
    const check = first?.faults[0]?.check ?? ''
    return { id, without, after: first && ran, check, found: first, tookMs }
  } finally {
    await explorer.stop()
  }
}

/** The same for all, two at a time. */
export async function huntAll(
  mutants: readonly Mutant[],
  options: { seed: number; most: number; onCaught?: (one: Catch) => void },
): Promise<Catch[]> {
  const waiting = mutants.values()
  const all: Catch[] = []
  const work = async (): Promise<void> => {
    for (const mutant of waiting) {
      const caught = await hunt(mutant, options)
      all.push(caught)
      options.onCaught?.(caught)
    }
  }
  await Promise.all([work(), work()])
  return all
}
