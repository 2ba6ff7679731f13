import { Command } from 'commander'
import { exploreAll, type Progress } from '../../services/signaling/src/testing/explorer/explore.ts'
import { huntAll } from '../../services/signaling/src/testing/explorer/hunt.ts'
import { mutants } from '../../services/signaling/src/testing/explorer/mutants.ts'
import { traceOf } from '../../services/signaling/src/testing/explorer/explore.ts'
import { caughtLine, foundLine, progressLine, reportLines } from './report.ts'

const number = (text: string): number => Number.parseInt(text, 10)
const say = (line: string): void => void process.stdout.write(`${line}\n`)

const program = new Command('npm run explore --')
  .description(
    'Runs the real rooms of 2 to 3 signaling nodes on a modelled store, bus, meetings service, network and time. Each seed makes the ' +
      'same schedules: people come, act and go, hosts decide, and nodes, links, the store and clocks fail. Afterwards ' +
      'it says what did not hold.',
  )
  .option('--schedules <n>', 'how many', number, 100_000)
  .option('--seed <n>', 'which ones', number, Date.now() % 1_000_000)
  .option('--threads <n>', 'at one time', number, 2)
  .option(
    '--mutant <id>',
    'take one mend out of the code, such as C4, and look for its fault; `all` tells for each after how many',
  )
  .option(
    '--trace <index>',
    'say what happens in this schedule of the seed, with the fewest steps in which the same goes wrong',
    number,
  )
  .addHelpText(
    'after',
    `
Examples:
  npm run explore -- --schedules 10000 --seed 7     what holds in the first 10,000 schedules of seed 7
  npm run explore -- --seed 7 --trace 4711          what goes wrong in one of them, step by step
  npm run explore -- --mutant all --schedules 5000  whether every known fault would be found again
  npm run explore -- --mutant C4 --seed 7           the same for one

Mutants: ${mutants.map(({ id }) => id).join(', ')}
Ends with 1 when something did not hold, or a mutant was not found.`,
  )
  .parse()

const { mutant, schedules, seed, threads, trace } = program.opts<{
  mutant?: string
  schedules: number
  seed: number
  threads: number
  trace?: number
}>()

const chosen = mutants.filter(({ id }) => mutant === 'all' || mutant === id)
if (mutant !== undefined && chosen.length === 0) program.error(`There is no mutant ${mutant}; see --help`)

if (trace !== undefined) {
  const [{ edits, focus = [] } = { edits: [] }] = chosen
  const { faults, lines } = await traceOf({ seed, index: trace, edits, focus })
  for (const line of [...lines, ...faults.map(({ check, detail }) => `${check}: ${detail}`)]) say(line)
  process.exitCode = faults.length === 0 ? 0 : 1
} else if (chosen.length > 0) {
  say(`${chosen.length} mutants, at most ${schedules} schedules of seed ${seed} each`)
  const caught = await huntAll(chosen, { seed, most: schedules, onCaught: (one) => say(caughtLine(one)) })
  process.exitCode = caught.every(({ after }) => after !== null) ? 0 : 1
} else {
  say(`${schedules} schedules of seed ${seed}`)
  let told = 0
  const onProgress = (progress: Progress) => {
    say(progressLine(progress))
    for (const found of progress.found.slice(told)) say(foundLine(found, seed))
    told = progress.found.length
  }
  const progress = await exploreAll({ seed, schedules, threads, onProgress })
  for (const line of reportLines(progress, seed)) say(line)
  process.exitCode = progress.found.length === 0 ? 0 : 1
}
