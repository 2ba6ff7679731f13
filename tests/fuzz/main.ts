import { Command } from 'commander'
import { startStack } from '../support/product.ts'
import { tryFrames } from './frames-run.ts'
import { makeInspectable, residentMiB } from './live-memory.ts'
import { fuzz, fuzzedEnv, type FuzzReport } from './run.ts'

const number = (text: string): number => Number.parseInt(text, 10)
const say = (line: string): void => void process.stdout.write(`${line}\n`)

const program = new Command('npm run fuzz --')
  .description('T20: mutated messages and hostile frames against a real signaling node, through a gateway')
  .option('--messages <n>', 'how many mutated messages', number, 1_000_000)
  .option('--seed <n>', 'which ones', number, Date.now() % 1_000_000)
  .option('--clients <n>', 'sockets at one time', number, 240)
  .parse()
const { messages, seed, clients } = program.opts<{ messages: number; seed: number; clients: number }>()

makeInspectable()
const stack = await startStack(['--gateway', '1', '--signaling', '1', '--chat', '1'], fuzzedEnv)
try {
  const [gateway = ''] = stack.gateways
  const [node] = stack.file.signaling
  if (node === undefined) throw new Error('the stack has no signaling node')
  say(`${messages} messages, seed ${seed}, ${clients} clients`)
  const onProgress = (sent: number) => say(`… ${sent} sent, ${residentMiB(node.pid).toFixed(1)} MiB`)
  const report = await fuzz({ messages, seed, clients, gateway, node, output: stack.output, onProgress })
  const frames = await tryFrames(gateway)
  tell(report)
  say(`hostile frames: ${frames.tried} tried, ${frames.faults.length} faults`)
  for (const fault of frames.faults) say(`  FAULT ${fault}`)
  // Throws if the node is not there any more.
  process.kill(node.pid, 0)
  process.exitCode = report.judge.faultCount + frames.faults.length === 0 ? 0 : 1
} finally {
  await stack.stop()
}

function tell({ messages: sent, seconds, judge, others, memory }: FuzzReport): void {
  say(`sent ${sent} in ${seconds.toFixed(1)} s (${(sent / seconds).toFixed(0)}/s)`)
  for (const [what, count] of [...judge.counts].toSorted(([a], [b]) => (a < b ? -1 : 1))) say(`  ${what}: ${count}`)
  const { sent: asked, arrived, p50, p99, max } = others
  const ms = [p50, p99, max].map((value) => value.toFixed(1))
  say(`others: ${arrived} of ${asked} signals, p50 ${ms[0]} ms, p99 ${ms[1]} ms (goal 200), max ${ms[2]} ms`)
  const [live, resident] = (['live', 'resident'] as const).map((kind) => growth(memory, kind))
  say(`node's memory after a collection: ${live} (goal 20); resident: ${resident}`)
  say(`faults: ${judge.faultCount}`)
  for (const fault of judge.faults) say(`  FAULT ${fault}`)
}

/** MiB. */
function growth({ warm, end }: FuzzReport['memory'], kind: 'live' | 'resident'): string {
  return `${warm[kind].toFixed(1)} MiB, then ${end[kind].toFixed(1)}: ${(end[kind] - warm[kind]).toFixed(1)} more`
}
