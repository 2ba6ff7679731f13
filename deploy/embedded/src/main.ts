import { parseOptions } from './options.ts'
import { reportAndEnd } from './report.ts'
import { runEmbedded } from './embedded.ts'

try {
  await runEmbedded(parseOptions(process.argv, process.env))
} catch (error) {
  reportAndEnd(error)
}
