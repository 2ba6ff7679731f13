import { definitions, parseOptions, runEmbedded } from '@parley/embedded'
import { reportAndEnd, runService, StartupError, type Environment } from '@parley/kit'
import { Command } from 'commander'

const names = ['embedded', ...definitions.map(({ name }) => name)]

/** `parley start`: the whole product, or one service. */
export const startCommand = (env: Environment): Command =>
  new Command('start')
    .description('start the whole product in this process, or one service of a distributed one')
    .argument('[part]', names.join(', '), 'embedded')
    .argument('[options...]', 'of the part: "parley start embedded --help"')
    .allowUnknownOption()
    .passThroughOptions()
    .addHelpText(
      'after',
      `
Examples:
  parley start                                       everything, with its data in .data/parley
  parley start embedded --port 9000 --demo           on another port, with a demo account
  DATABASE_URL=… NATS_URL=… REDIS_URL=… parley start chat
  parley start chat --help                           the settings of a service`,
    )
    .action(async (part: string, options: string[]) => {
      if (part === 'embedded') return startEmbedded(options, env)
      const definition = definitions.find(({ name }) => name === part)
      if (definition === undefined)
        throw new StartupError(`there is no part ${part}; expected one of ${names.join(', ')}`)
      return runService(definition, { env, argv: options })
    })

async function startEmbedded(options: readonly string[], env: Environment): Promise<void> {
  try {
    await runEmbedded(parseOptions(['node', 'parley start embedded', ...options], env))
  } catch (error) {
    reportAndEnd('Parley', error, env)
  }
}
