import { actions, type Act } from './actions.ts'
import { faults } from './faults.ts'
import { mix, Random } from './random.ts'
import type { Pace } from './world.ts'

/** One thing that happens in a schedule. */
interface Step {
  /** Ms since it began. */
  at: number
  what: string
  /** Seeds its own choices, so that leaving out another step does not change them. */
  salt: number
}

/** A schedule before it is run: the same seed makes the same. */
export interface Plan {
  seed: number
  nodes: number
  pace: Pace
  steps: readonly Step[]
  /** From here on nothing more goes wrong, ms. */
  quietFrom: number
}

const acts: Readonly<Record<string, Act>> = { ...actions, ...faults }
export const actOf = (what: string): Act => acts[what] ?? (() => {})

/** How often something is done, compared with others; what is not named here: 2. */
const weights: Readonly<Record<string, number>> = {
  mic: 8,
  hand: 5,
  'come in': 5,
  signal: 3,
  'break the socket': 4,
  end: 1,
  'end in the room': 1,
  lock: 1,
  'kill all nodes': 1,
}

const paces: readonly Pace[] = [
  { usual: 2, slow: 30, slowChance: 0.05 },
  { usual: 1, slow: 250, slowChance: 0.08 },
  { usual: 40, slow: 200, slowChance: 0.1 },
]

/**
 * Not everything that may happen happens in one schedule: each has a few kinds of acts and of faults, so that all mixtures of few
 * come up often (swarm testing; Groce et al., ISSTA 2012). `focus`: what is in it in any case.
 */
export function planOf(seed: number, index: number, focus: readonly string[] = []): Plan {
  const own = mix(seed, index)
  const random = new Random(own)
  const quietFrom = random.chance(0.1) ? random.between(10_000, 25_000) : random.between(1_500, 7_000)
  const kinds = [...random.some(Object.keys(actions), random.whole(3, 9)), ...focus.filter((what) => what in actions)]
  const faultKinds = focus.filter((what) => what in faults)
  if (faultKinds.length === 0 || random.chance(0.3))
    faultKinds.push(...random.some(Object.keys(faults), random.whole(1, 3)))
  const step = (what: string, at: number): Step => ({ what, at, salt: Math.floor(random.next() * 2 ** 32) })
  const steps = Array.from({ length: random.whole(2, 4) }, () => step('come in', random.between(0, 300)))
  for (let count = random.whole(3, 22); count > 0; count -= 1)
    steps.push(step(pickWeighted(random, kinds), random.between(200, quietFrom)))
  for (let count = random.whole(1, 4); count > 0; count -= 1) {
    const at = random.between(200, quietFrom)
    steps.push(step(random.pick(faultKinds) ?? '', at))
    // Much of what goes wrong needs something to happen right then.
    for (let more = random.whole(0, 3); more > 0; more -= 1)
      steps.push(step(pickWeighted(random, kinds), at + random.between(-60, random.pick([20, 200, 2_000]) ?? 20)))
  }
  const pace = random.pick(paces) ?? { usual: 1, slow: 1, slowChance: 0 }
  return { seed: own, nodes: random.whole(2, 3), pace, steps: steps.toSorted((a, b) => a.at - b.at), quietFrom }
}

function pickWeighted(random: Random, kinds: readonly string[]): string {
  const weightOf = (kind: string): number => weights[kind] ?? 2
  let left = random.next() * kinds.reduce((sum, kind) => sum + weightOf(kind), 0)
  return kinds.find((kind) => (left -= weightOf(kind)) < 0) ?? 'mic'
}
