import { readFileSync } from 'node:fs'
import type { Environment } from '@parley/kit'
import { Command, InvalidArgumentError } from 'commander'
import { print, table } from '../print.ts'
import { needsOf, processesFor, type Measured, type Need, type Workload } from './model.ts'

interface Options extends Workload {
  measured?: string
  json?: boolean
}

/** `parley size`: what so many meetings need. */
export const sizeCommand = (_env: Environment): Command =>
  new Command('size')
    .description('what a number of meetings needs: cores and memory of each kind of process')
    .requiredOption('--meetings <n>', 'at one time', positive)
    .requiredOption('--people <n>', 'in each', positive)
    .option('--chat-per-minute <n>', 'messages of each person', positive, 1)
    .option('--changes-per-minute <n>', 'mute, camera, hand of each person', positive, 2)
    .option('--minutes <n>', 'that somebody stays', positive, 30)
    .option('--login-share <n>', 'of the joins, from 0 to 1, that begin with a password', positive, 0.2)
    .option('--measured <file>', 'of "npm run bench -- sizing --json": print how far the answer is from that run')
    .option('--json', 'for scripts')
    .addHelpText(
      'after',
      `
The costs were measured (docs/operation/sizing.md). Media does not pass through these processes: Janus and TURN
need bandwidth of their own. Plan for the busiest minute, and for one process of each kind that is gone.

Examples:
  parley size --meetings 100 --people 8
  parley size --meetings 20 --people 50 --chat-per-minute 3 --json`,
    )
    .action(({ measured, json, ...workload }: Options) => {
      if (measured !== undefined) return compare(measured, json)
      const needs = needsOf(workload)
      const rows = needs.map((need) => [
        need.name,
        shownCores(need.cores),
        `${Math.ceil(need.memoryMiB)} MiB`,
        count(need),
      ])
      print(json, needs, table([['', 'CPU', 'memory', 'processes'], ...rows, total(needs)]))
    })

/** Needs no login in its run: the people of the benchmark are guests. */
function compare(file: string, json: boolean | undefined): void {
  const run = JSON.parse(readFileSync(file, 'utf8')) as Measured
  const { meetings, people } = run
  const needs = needsOf({ meetings, people, chatPerMinute: 1, changesPerMinute: 2, minutes: 30, loginShare: 0 })
  const rows = needs.map(({ name, cores, memoryMiB }) => ({
    name,
    cores,
    measuredCores: (run.mixed[name] ?? 0) / 1_000_000,
    memoryMiB,
    measuredMiB: run.full[name] ?? 0,
  }))
  const sum = (pick: (row: (typeof rows)[number]) => number): number => rows.reduce((all, row) => all + pick(row), 0)
  const all = {
    name: 'all',
    cores: sum((row) => row.cores),
    measuredCores: sum((row) => row.measuredCores),
    memoryMiB: sum((row) => row.memoryMiB),
    measuredMiB: sum((row) => row.measuredMiB),
  }
  const told = [...rows, all].map((row) => [
    row.name,
    shownCores(row.cores),
    shownCores(row.measuredCores),
    difference(row.cores, row.measuredCores),
    `${Math.round(row.memoryMiB)} MiB`,
    `${Math.round(row.measuredMiB)} MiB`,
    difference(row.memoryMiB, row.measuredMiB),
  ])
  print(json, { rows, all }, table([['', 'answer', 'run', '', 'answer', 'run', ''], ...told]))
}

const shownCores = (cores: number): string => `${cores.toFixed(3)} cores`
const difference = (answer: number, run: number): string =>
  `${answer >= run ? '+' : ''}${(((answer - run) / run) * 100).toFixed(0)} %`
const servers = new Set(['nats', 'redis'])
const count = (need: Need): string => (servers.has(need.name) ? '' : String(processesFor(need)))

function total(needs: readonly Need[]): string[] {
  const cores = needs.reduce((sum, need) => sum + need.cores, 0)
  const memory = needs.reduce((sum, need) => sum + need.memoryMiB, 0)
  return ['all', shownCores(cores), `${Math.ceil(memory)} MiB`, '']
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value >= 0 && value <= 1_000_000)) throw new InvalidArgumentError('a number from 0 to 1,000,000')
  return value
}
