import type { Batch, Report } from './pool.ts'
import { planOf, type Plan } from './plan.ts'
import { runSchedule } from './schedule.ts'
import { realNow } from './virtual-time.ts'

const emptyReport = (): Report => ({
  ran: 0,
  simulatedMs: 0,
  tasks: 0,
  tookMs: 0,
  did: new Map(),
  found: [],
  lines: [],
})
const maxFaults = 5

/** Runs schedules one after the other; up to the first in which something does not hold, if it is told to stop there. */
export async function runBatch({ count, focus, from, kind, seed, stopAtFirst }: Batch): Promise<Report> {
  if (kind === 'trace') return await traceSchedule(planOf(seed, from, focus), from)
  const report = emptyReport()
  const began = realNow()
  for (let index = from; index < from + count; index += 1) {
    const plan = planOf(seed, index, focus)
    const { faults, lasted, tasks } = await runSchedule(plan)
    report.ran += 1
    report.simulatedMs += lasted
    report.tasks += tasks
    for (const { what } of plan.steps) report.did.set(what, (report.did.get(what) ?? 0) + 1)
    if (faults.length > 0) report.found.push({ index, faults: faults.slice(0, maxFaults) })
    if (faults.length > 0 && stopAtFirst) break
  }
  return { ...report, tookMs: realNow() - began }
}

/** One schedule with all that happens in it; where something goes wrong, with the fewest steps in which it still does. */
async function traceSchedule(whole: Plan, index: number): Promise<Report> {
  const plan = await shrink(whole)
  const report = emptyReport()
  const { faults } = await runSchedule(plan, (line) => report.lines.push(line))
  return { ...report, ran: 1, found: faults.length > 0 ? [{ index, faults }] : [] }
}

/** Leaves out one step after the other as long as the same goes wrong without it. */
async function shrink(plan: Plan): Promise<Plan> {
  const check = await firstCheck(plan)
  if (check === undefined) return plan
  let smallest = plan
  for (let before = Infinity; smallest.steps.length < before;) {
    before = smallest.steps.length
    for (const step of smallest.steps.toReversed()) {
      const without = { ...smallest, steps: smallest.steps.filter((other) => other !== step) }
      if ((await firstCheck(without)) === check) smallest = without
    }
  }
  return smallest
}

const firstCheck = async (plan: Plan): Promise<string | undefined> => (await runSchedule(plan)).faults[0]?.check
