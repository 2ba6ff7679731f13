import { Command, Option } from 'commander'
import type { Environment } from '@parley/kit'

export interface Options {
  /** The environment, with what the command line says instead. */
  env: Environment
  /** Where everything is kept. */
  dataDir: string
  /** Whether to make the demo account and meeting. */
  demo: boolean
  /** Whether to start Janus and coturn beside the product. */
  withMedia: boolean
}

const help = `
The environment says the same and more: every setting of the services (README).
With DATABASE_URL, NATS_URL or REDIS_URL set, that server is used instead of the part inside this process.`

/** Reads the command line; prints the help and ends the process when that is what it asks for. */
export function parseOptions(argv: readonly string[], env: Environment): Options {
  const command = new Command('npm start --')
    .description('Parley: the whole product in one process, on one port.')
    .addOption(new Option('--port <number>', 'port to listen on').env('PORT').default('8080'))
    .addOption(
      new Option('--host <address>', 'address to listen on; 0.0.0.0 is every one').env('HOST').default('127.0.0.1'),
    )
    .addOption(
      new Option('--data-dir <folder>', 'where everything is kept').env('PARLEY_DATA_DIR').default('.data/parley'),
    )
    .option('--demo', 'make a demo account and a meeting', false)
    .option('--with-media', 'start Janus (SFU, recordings) and coturn (TURN) too, where they are installed', false)
    .addHelpText('after', help)
    .allowExcessArguments(false)
    .parse(argv)
  const { port, host, ...others } = command.opts<Omit<Options, 'env'> & { port: string; host: string }>()
  return { env: { ...env, PORT: port, HOST: host }, ...others }
}
