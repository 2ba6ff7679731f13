import { seed } from '@parley/embedded'
import type { Environment } from '@parley/kit'
import { Command } from 'commander'

/** `parley seed`: the demo account, a meeting and an invite. */
export const seedCommand = (env: Environment): Command =>
  new Command('seed')
    .description('make the demo account, a meeting and an invite in a running product; what is there already stays')
    .argument('[url]', 'where it runs', `http://localhost:${env['PORT'] || '8080'}`)
    .action(async (url: string) => void process.stdout.write(await seed(url)))
