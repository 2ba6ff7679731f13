import { Command, InvalidArgumentError } from 'commander'
import { wholeLoad, type Fault, type Size } from './fault.ts'
import { faults } from './faults/index.ts'
import { keep } from './keep.ts'
import { wayToLoss } from './loss.ts'
import { inOwnNetwork, runAgain } from './own-network.ts'
import { textOf } from './report.ts'
import { runFault, type Outcome } from './run.ts'
import { seedsOf, seriesLine } from './series.ts'

interface Given {
  seconds?: number
  seed: number
  runs: number
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

function atLeastOne(text: string): number {
  const value = number(text)
  if (value === 0) throw new InvalidArgumentError('Expected 1 or more.')
  return value
}

const program = new Command('npm run faults --')
  .description('Injects faults into the distributed product while people use it, and checks what they are promised.')
  .argument('<faults...>', 'T1 T2 …, or all', named)
  .option('--seconds <n>', 'how long the load runs at least (60)', number)
  .option('--seed <n>', 'of everything that is chosen at random', number, Math.floor(Math.random() * 1e9))
  .option('--runs <n>', 'how often each is run, in a row; each time with the next seed', atLeastOne, 1)
  .option('--rooms <n>', 'rooms (20); the load is scaled with rooms × clients', number)
  .option('--clients <n>', 'clients in each (10)', number)
  .option('--json <file>', 'keep the last runs of each fault in this file, beside what it has of others')
  .option('--guarantees <file>', 'with --json: write the document of all that was measured')
  .addHelpText(
    'after',
    `\nEach starts a stack of its own. A TCP proxy of ours cuts people off. For T16 the command runs in a network of its own
(unshare), where iptables drops packets; it says so when this machine does not permit that.\n\nFaults:\n${listed}`,
  )
  .action(run)

async function run(chosen: readonly Fault[], { seed, runs, json, guarantees, ...size }: Given): Promise<void> {
  if (chosen.some(({ losesPackets }) => losesPackets) && !inOwnNetwork()) {
    const way = await wayToLoss()
    if (!('missing' in way)) return void (process.exitCode = await runAgain(way))
    say(`packets cannot be lost on purpose here: ${way.missing}`)
  }
  const seeds = seedsOf(seed, runs)
  say(`seed ${seeds.join(', ')}`)
  const all = new Map<Fault, Outcome[]>()
  for (const fault of chosen) {
    const outcomes: Outcome[] = []
    all.set(fault, outcomes)
    for (const one of seeds) {
      outcomes.push(await runOnce(fault, { size: sizeOf(fault, size), seed: one }))
      if (json !== undefined) await keep(outcomes, { json, guarantees })
    }
  }
  if (runs > 1) for (const [fault, outcomes] of all) say(seriesLine(fault, outcomes))
  const failed = [...all].filter(([, outcomes]) => outcomes.some(({ passed }) => !passed)).map(([{ id }]) => id)
  say(failed.length === 0 ? `${all.size} passed` : `failed: ${failed.join(', ')}`)
  process.exitCode = failed.length === 0 ? 0 : 1
}

async function runOnce(fault: Fault, { size, seed }: { size: Size; seed: number }): Promise<Outcome> {
  const from = performance.now()
  const tell = (line: string): void => say(`${fault.id} ${((performance.now() - from) / 1_000).toFixed(1)} s: ${line}`)
  const outcome = await runFault(fault, { size, seed, tell })
  process.stdout.write(textOf(outcome))
  return outcome
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** One more id of the command line, after those before it. */
function named(id: string, before: readonly Fault[] = []): readonly Fault[] {
  if (id === 'all') return faults
  const fault = faults.find((one) => one.id === id.toUpperCase())
  if (fault === undefined) throw new InvalidArgumentError(`Expected ${faults.map((one) => one.id).join(', ')} or all.`)
  return [...before, fault]
}

/** The whole load, or the fault's own; with other rooms and clients the rates shrink or grow in proportion. */
function sizeOf(fault: Fault, { seconds, rooms, clients }: Omit<Given, 'seed' | 'runs' | 'json'>): Size {
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
