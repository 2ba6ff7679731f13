import type { Fault } from './judge.ts'
import { actOf, type Plan } from './plan.ts'
import { mix, Random } from './random.ts'
import { ModelWorld } from './world.ts'

export interface Outcome {
  faults: readonly Fault[]
  /** Simulated, ms. */
  lasted: number
  tasks: number
}

/** Looked at so often, ms, from the first look on. */
const firstLookMs = 2_500
const lookEveryMs = 1_500
/** By then everything that ends by itself has: a vanished client is seen to leave within 22 s. */
const rightWithinMs = 32_000
/** Meetings looks at rooms that are gone every 10 s, and believes what it has heard within 30 s. */
const attendanceWithinMs = 75_000

/** Runs one schedule: what happens, then quiet, then what does not hold. */
export async function runSchedule(plan: Plan, trace: ((line: string) => void) | null = null): Promise<Outcome> {
  const world = new ModelWorld(new Random(mix(plan.seed, 1)), { pace: plan.pace, trace })
  const onRejection = (error: unknown): void =>
    world.fault('unhandled', error instanceof Error ? String(error.stack) : String(error))
  process.on('unhandledRejection', onRejection)
  try {
    await world.start(plan.nodes)
    for (const step of plan.steps) {
      await world.pass(step.at)
      world.note(`> ${step.what}`)
      await actOf(step.what)(world, new Random(step.salt))
    }
    await world.pass(plan.quietFrom)
    await world.calm()
    const faults = await untilRight(world)
    return { faults: [...world.faults, ...faults], lasted: world.loop.now, tasks: world.loop.tasks }
  } finally {
    process.off('unhandledRejection', onRejection)
    world.store.close()
  }
}

/** Waits until everything holds, but not longer than it may take. */
async function untilRight(world: ModelWorld): Promise<Fault[]> {
  const from = world.loop.now
  let wrong: Fault[] = []
  for (let waited = firstLookMs; waited <= rightWithinMs; waited += lookEveryMs) {
    await world.pass(from + waited)
    if (world.faults.length > 0) return []
    wrong = await world.judge.judge()
    if (wrong.length === 0) break
  }
  if (wrong.length > 0) return wrong
  while (world.loop.now < from + attendanceWithinMs) {
    wrong = await world.judge.judgeAttendance()
    if (wrong.length === 0 || world.faults.length > 0) return []
    await world.pass(world.loop.now + lookEveryMs)
  }
  return wrong
}
