import type { Fault } from './fault.ts'
import { boundOf, measuredOf, round } from './figures.ts'
import type { Outcome } from './run.ts'
import type { machine } from './report.ts'

/** What `--json` writes. */
export interface Measurement {
  machine: ReturnType<typeof machine>
  outcomes: readonly Outcome[]
}

const head = `# Guarantees

What users are promised, the fault that puts it to the test, the bound, and what was measured last. Written by
\`npm run faults -- <T…> --json FILE --guarantees docs/guarantees.md\`; only what was really run stands here. Clients
are the SDK's, behind a TCP proxy of ours that delays, slices, stalls and cuts; packet loss (iptables) was not injected.
Times come from a shared machine whose processors were busy with other work: they are an upper bound, not a benchmark.

After every run the recorded history is checked:

- **H1** every accepted message is stored once and in every view
- **H2** nothing appears twice
- **H3** numbers without gaps, the same order for all
- **H4** no event reached a non-member
- **H5** all rosters equal the truth
- **H6** every request answered, refused or closed within 10 s
- **H7** no unexpected exit, nothing uncaught, memory bounded
- **S** signals in order, at most once
`

/** The document for these measurements; for each fault the last one counts. Faults that were never run are named. */
export function guaranteesOf(measurements: readonly Measurement[], faults: readonly Fault[]): string {
  const last = new Map<string, { outcome: Outcome; machine: Measurement['machine'] }>()
  for (const { machine, outcomes } of measurements)
    for (const outcome of outcomes) last.set(outcome.fault.id, { outcome, machine })
  const parts = faults.map((fault) => {
    const found = last.get(fault.id)
    return found === undefined ? missing(fault) : section(found.outcome, found.machine)
  })
  return [head, ...parts].join('\n')
}

const missing = ({ id, title, promise }: Fault): string =>
  `## ${id} ${title}\n\n${promise}\n\nNot measured yet: \`npm run faults -- ${id}\`.\n`

function section({ fault, size, seed, figures, verdicts, passed }: Outcome, where: Measurement['machine']): string {
  const rows = figures.map((figure) => [
    figure.what,
    boundOf(figure),
    measuredOf(figure),
    figure.pass ? 'kept' : '**not kept**',
  ])
  const { rooms, clients, chat, state, seconds } = size
  const rates = `${round(chat)} chat/s, ${round(state)} state changes/s`
  return [
    `## ${fault.id} ${fault.title}${passed ? '' : ' (not kept)'}\n`,
    `${fault.promise}\n`,
    '| what | bound | measured | |',
    '| --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    `- History: ${historyLine(verdicts)}`,
    `- Load: ${rooms} rooms × ${clients} clients, ${rates}, ${seconds} s; seed ${seed}`,
    `- ${whereAndWhen(where)}`,
    ...(fault.field === undefined ? [] : [`- The field: ${fault.field}`]),
    '',
  ].join('\n')
}

function historyLine(verdicts: Outcome['verdicts']): string {
  const broken = verdicts.filter(({ breaches }) => breaches.length > 0).map(({ id }) => id)
  const held = verdicts.filter(({ breaches }) => breaches.length === 0).map(({ id }) => id)
  return `${held.join(', ')} held${broken.length === 0 ? '' : `; **${broken.join(', ')} did not**`}`
}

const whereAndWhen = ({ date, cores, memoryMib, node }: Measurement['machine']): string =>
  `${date.slice(0, 16).replace('T', ' ')} UTC, ${cores} cores, ${Math.round(memoryMib / 1_024)} GiB, Node ${node}`
