import { Command } from 'commander'
import { seed } from './seed.ts'

const command = new Command('npm run seed --')
  .description('Makes the demo account, a meeting and an invite in a running Parley; what is there already stays.')
  .option('--url <url>', 'where it runs', `http://localhost:${process.env['PORT'] ?? '8080'}`)
  .parse()

try {
  process.stdout.write(await seed(command.opts<{ url: string }>().url))
} catch (error) {
  process.stderr.write(`The demo data cannot be made: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
