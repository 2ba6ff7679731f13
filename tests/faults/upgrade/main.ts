import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command } from 'commander'
import { checkOut } from './checkout.ts'

// npm run upgrade:try: from an older commit to this one and back, while people use it. 0: nothing was lost, and nobody noticed.
const program = new Command('npm run upgrade:try --')
  .description('Upgrades a stack of an older commit to this checkout, migrations first, under load; then goes back.')
  .argument('[before]', 'a tag or commit to begin with', 'HEAD')
  .option('--rooms <n>', 'rooms', Number, 4)
  .option('--clients <n>', 'clients in each', Number, 5)
  .option('--seed <n>', 'of everything that is chosen at random', Number, 1)
  .action(run)

async function run(ref: string, { rooms, clients, seed }: { rooms: number; clients: number; seed: number }) {
  say(`installing ${ref} beside this checkout`)
  const before = await checkOut(ref)
  say(`from ${before.commit}, in ${before.folder}`)
  try {
    useClientOf(before.folder)
    const { textOf } = await import('../report.ts')
    const { runFault } = await import('../run.ts')
    const { rollingUpgrade } = await import('./rolling-upgrade.ts')
    const size = { rooms, clients, seconds: 30, chat: rooms * 2, state: rooms, signals: rooms }
    const outcome = await runFault(rollingUpgrade(before.folder), { size, seed, tell: say })
    process.stdout.write(textOf(outcome))
    process.exitCode = outcome.passed ? 0 : 1
  } finally {
    await before.remove()
  }
}

/** People have the SDK of the version before: that is what is open in browsers when an upgrade begins. */
function useClientOf(folder: string): void {
  const parentURL = pathToFileURL(join(folder, 'tests', 'faults', 'main.ts')).href
  registerHooks({
    resolve: (name, context, next) =>
      /^@parley\/client\b/.test(name) ? next(name, { ...context, parentURL }) : next(name, context),
  })
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 2
}
// Timers of clients that were given up must not keep the process.
process.exit()
