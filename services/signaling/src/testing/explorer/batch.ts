import type { Batch, Report } from './pool.ts'
import { planOf } from './plan.ts'
import { runSchedule } from './schedule.ts'
import { realNow } from './virtual-time.ts'

/** Runs schedules one after the other; up to the first in which something does not hold, if it is told to stop there. */
export async function runBatch({ seed, from, count, stopAtFirst }: Batch): Promise<Report> {
  const report: Report = { from, ran: 0, simulatedMs: 0, tasks: 0, tookMs: 0, found: [] }
  const began = realNow()
  for (let index = from; index < from + count; index += 1) {
    const { faults, lasted, tasks } = await runSchedule(planOf(seed, index))
    report.ran += 1
    report.simulatedMs += lasted
    report.tasks += tasks
    if (faults.length > 0) report.found.push({ index, faults: faults.slice(0, 5) })
    if (faults.length > 0 && stopAtFirst) break
  }
  return { ...report, tookMs: realNow() - began }
}
