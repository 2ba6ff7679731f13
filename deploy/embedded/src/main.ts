import { parseOptions } from './options.ts'
import { reportAndEnd } from '@parley/kit'
import { runEmbedded } from './embedded.ts'

try {
  await runEmbedded(parseOptions(process.argv, process.env))
} catch (error) {
  reportAndEnd('Parley', error, process.env)
}
