import type { Fault } from './fault.ts'
import { boundOf, measuredOf, round, type Figure } from './figures.ts'
import type { Outcome } from './run.ts'
import type { machine } from './report.ts'
import { worstFigures } from './series.ts'

/** The file that `--report` writes. */
export interface Measurement {
  machine: ReturnType<typeof machine>
  outcomes: readonly Outcome[]
}

const head = `# Guarantees

What users are promised, the fault that puts it to the test, the bound, and what was measured last. Written by
\`npm run faults -- <T…> --json FILE --guarantees docs/guarantees.md\`; only what was really run stands here. Clients
are the SDK's, behind a TCP proxy of ours that delays, slices, stalls and cuts; T16 loses packets too
(iptables), unless its note says otherwise. Of several runs in a row the worst of each figure stands here.
Clients and servers share one machine, whose cores are given: times are an upper bound, not a benchmark.

After every run the recorded history is checked:

- **H1** every accepted message is stored once and in every view
- **H2** nothing appears twice
- **H3** numbers without gaps, the same order for all
- **H4** no event reached a non-member
- **H5** all rosters equal the truth
- **H6** every request answered, refused or closed within 10 s
- **H7** no unexpected exit, nothing uncaught, memory bounded
- **H8** every acknowledged command of meetings (ban, removal, end, role, settings) is true in the room and in the database
- **H9** no two participants, and no two nodes, have the same version of a room with different contents
- **S** signals in order, at most once
`

/** The document for these measurements; for each fault the last runs count. Faults that were never run are named. */
export function guaranteesOf(measurements: readonly Measurement[], faults: readonly Fault[]): string {
  const last = new Map<string, { runs: readonly Outcome[]; machine: Measurement['machine'] }>()
  for (const { machine, outcomes } of measurements)
    for (const [id, runs] of Map.groupBy(outcomes, ({ fault }) => fault.id)) last.set(id, { runs, machine })
  const parts = faults.map((fault) => {
    const { runs = [], machine } = last.get(fault.id) ?? {}
    const [first] = runs
    return first === undefined || machine === undefined ? missing(fault) : section(first, runs, machine)
  })
  return [head, ...parts].join('\n')
}

const missing = ({ id, title, promise }: Fault): string =>
  `## ${id} ${title}\n\n${promise}\n\nNot measured yet: \`npm run faults -- ${id}\`.\n`

function section({ fault, size }: Outcome, runs: readonly Outcome[], where: Measurement['machine']): string {
  const rows = worstFigures(runs).map((figure) => [figure.what, boundOf(figure), measuredOf(figure), stateOf(figure)])
  const passed = runs.every((run) => run.passed)
  const remarks = new Set(runs.flatMap((run) => run.remarks ?? []))
  const { rooms, clients, chat, state, seconds } = size
  const rates = `${round(chat)} chat/s, ${round(state)} state changes/s`
  return [
    `## ${fault.id} ${fault.title}${passed ? '' : ' (not kept)'}\n`,
    `${fault.promise}\n`,
    '| what | bound | measured | |',
    '| --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    `- History: ${historyLine(runs.flatMap(({ verdicts }) => verdicts))}`,
    `- Load: ${rooms} rooms × ${clients} clients, ${rates}, ${seconds} s; ${seedsLine(runs)}`,
    `- ${whereAndWhen(where)}`,
    ...[...remarks].map((remark) => `- Note: ${remark}`),
    ...(fault.field === undefined ? [] : [`- The field: ${fault.field}`]),
    '',
  ].join('\n')
}

function stateOf({ bound: { most, least }, pass }: Figure): string {
  if (most === undefined && least === undefined) return ''
  return pass ? 'kept' : '**not kept**'
}

function seedsLine(runs: readonly Outcome[]): string {
  const seeds = runs.map(({ seed }) => seed).join(', ')
  if (runs.length === 1) return `seed ${seeds}`
  const passed = runs.filter((run) => run.passed).length
  const how = passed === runs.length ? `${passed} runs in a row` : `${passed} of ${runs.length} runs passed`
  return `${how}, seeds ${seeds}`
}

/** Of several runs a promise held if it held in each. */
function historyLine(verdicts: Outcome['verdicts']): string {
  const broken = new Set(verdicts.filter(({ breaches }) => breaches.length > 0).map(({ id }) => id))
  const held = new Set(verdicts.map(({ id }) => id).filter((id) => !broken.has(id)))
  return `${[...held].join(', ')} held${broken.size === 0 ? '' : `; **${[...broken].join(', ')} did not**`}`
}

const whereAndWhen = ({ date, cores, memoryMib, node }: Measurement['machine']): string =>
  `${date.slice(0, 16).replace('T', ' ')} UTC, ${cores} cores, ${Math.round(memoryMib / 1_024)} GiB, Node ${node}`
