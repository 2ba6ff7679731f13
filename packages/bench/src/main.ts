import { Command } from 'commander'
import { fanOut, type FanOutOptions } from './fan-out.ts'

const number = (text: string): number => Number.parseInt(text, 10)

const program = new Command('npm run bench --').description(
  'Benchmarks: each prints ours beside a peer measured in the same run.',
)
program
  .command('fan-out')
  .description('P1: CPU per delivered broadcast, beside a bare ws server')
  .requiredOption('--stack <file>', 'what `npm run stack -- --gateway 1 --signaling 1 --json FILE` wrote')
  .option('--rooms <n>', 'rooms', number, 10)
  .option('--people <n>', 'people in each', number, 50)
  .option('--rate <n>', 'messages per second in each room', number, 20)
  .option('--seconds <n>', 'how long', number, 10)
  .action((options: FanOutOptions) => fanOut(options))
await program.parseAsync()
