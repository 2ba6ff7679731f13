import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { faults } from './faults/index.ts'
import { guaranteesOf, type Measurement } from './guarantees.ts'
import { machine } from './report.ts'
import type { Outcome } from './run.ts'

/** Where measurements are kept, and the document that is made of them. */
export interface Files {
  json: string
  guarantees?: string | undefined
}

/** Writes the runs of one fault to the file, beside what it has of others. */
export async function keep(runs: readonly Outcome[], { json, guarantees }: Files): Promise<void> {
  const before = existsSync(json) ? (JSON.parse(await readFile(json, 'utf8')) as Measurement[]) : []
  const all = withRuns(before, { machine: machine(), outcomes: runs })
  await writeFile(json, `${JSON.stringify(all, null, 2)}\n`)
  if (guarantees !== undefined) await writeFile(guarantees, guaranteesOf(all, faults))
}

/** Adds the runs of one fault; earlier ones of it give way. */
export function withRuns(before: readonly Measurement[], runs: Measurement): Measurement[] {
  const ids = new Set(runs.outcomes.map(({ fault }) => fault.id))
  const others = before.map(({ machine: where, outcomes }) => ({
    machine: where,
    outcomes: outcomes.filter(({ fault }) => !ids.has(fault.id)),
  }))
  return [...others.filter(({ outcomes }) => outcomes.length > 0), runs]
}
