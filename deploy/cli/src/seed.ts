import { seed } from '@parley/embedded'
import type { Environment } from '@parley/kit'
import { Command } from 'commander'

/** `parley seed`: the demo account and a meeting. */
export const seedCommand = (env: Environment): Command =>
  new Command('seed')
    .description('make the demo account and a meeting in a running product; what is there already stays')
    .argument('[url]', 'where it runs', `http://localhost:${env['PORT'] || '8080'}`)
    .action(async (url: string) => void process.stdout.write(await seed(url)))
