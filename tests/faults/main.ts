import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { Command, InvalidArgumentError } from 'commander'
import { wholeLoad, type Fault } from './fault.ts'
import { faults } from './faults/index.ts'
import { guaranteesOf, type Measurement } from './guarantees.ts'
import { machine, textOf } from './report.ts'
import { runFault, type Outcome } from './run.ts'

interface Given {
  seconds?: number
  seed: number
  rooms?: number
  clients?: number
  json?: string
  guarantees?: string
}

const listed = faults.map(({ id, title, promise }) => `  ${id.padEnd(4)} ${title}: ${promise}`).join('\n')

function number(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('Expected a whole number.')
  return value
}

const program = new Command('npm run faults --')
  .description('Injects faults into the distributed product while people use it, and checks what they are promised.')
  .argument('<faults...>', 'T1 T2 …, or all', named)
  .option('--seconds <n>', 'how long the load runs at least (60)', number)
  .option('--seed <n>', 'of everything that is chosen at random', number, Math.floor(Math.random() * 1e9))
  .option('--rooms <n>', 'rooms (20); the load is scaled with rooms × clients', number)
  .option('--clients <n>', 'clients in each (10)', number)
  .option('--json <file>', 'keep what was measured in this file, beside what it has of other faults')
  .option('--guarantees <file>', 'with --json: write the document of all that was measured')
  .addHelpText(
    'after',
    `\nEach starts a stack of its own. A TCP proxy of ours cuts people off, not iptables.\n\nFaults:\n${listed}`,
  )
  .action(run)

async function run(chosen: readonly Fault[], { seed, json, guarantees, ...size }: Given): Promise<void> {
  const outcomes: Outcome[] = []
  process.stdout.write(`seed ${seed}\n`)
  for (const fault of chosen) {
    const from = performance.now()
    const tell = (line: string): void =>
      void process.stdout.write(`${fault.id} ${((performance.now() - from) / 1_000).toFixed(1)} s: ${line}\n`)
    const outcome = await runFault(fault, { size: sizeOf(fault, size), seed, tell })
    outcomes.push(outcome)
    process.stdout.write(textOf(outcome))
    if (json !== undefined) await keep(json, outcome, guarantees)
  }
  const failed = outcomes.filter(({ passed }) => !passed).map(({ fault }) => fault.id)
  process.stdout.write(failed.length === 0 ? `${outcomes.length} passed\n` : `failed: ${failed.join(', ')}\n`)
  process.exitCode = failed.length === 0 ? 0 : 1
}

/** Adds a run to the file; an earlier one of the same fault gives way. */
async function keep(json: string, outcome: Outcome, guarantees: string | undefined): Promise<void> {
  const before = existsSync(json) ? (JSON.parse(await readFile(json, 'utf8')) as Measurement[]) : []
  const others = before.filter(({ outcomes }) => outcomes.every(({ fault }) => fault.id !== outcome.fault.id))
  const all = [...others, { machine: machine(), outcomes: [outcome] }]
  await writeFile(json, `${JSON.stringify(all, null, 2)}\n`)
  if (guarantees !== undefined) await writeFile(guarantees, guaranteesOf(all, faults))
}

/** One more id of the command line, after those before it. */
function named(id: string, before: readonly Fault[] = []): readonly Fault[] {
  if (id === 'all') return faults
  const fault = faults.find((one) => one.id === id.toUpperCase())
  if (fault === undefined) throw new InvalidArgumentError(`Expected ${faults.map((one) => one.id).join(', ')} or all.`)
  return [...before, fault]
}

/** The whole load, or the fault's own; with other rooms and clients the rates shrink or grow in proportion. */
function sizeOf(fault: Fault, { seconds, rooms, clients }: Omit<Given, 'seed' | 'json'>) {
  const own = { ...wholeLoad, ...fault.size }
  const size = { ...own, ...(seconds !== undefined && { seconds }), ...(rooms !== undefined && { rooms }) }
  if (clients !== undefined) size.clients = clients
  const scale = (size.rooms * size.clients) / Math.max(1, own.rooms * own.clients)
  const scaled = (rate: number): number => Math.round(rate * scale * 10) / 10
  return { ...size, chat: scaled(own.chat), state: scaled(own.state), signals: scaled(own.signals) }
}

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 2
}
// Timers of clients that were given up must not keep the process.
process.exit()
