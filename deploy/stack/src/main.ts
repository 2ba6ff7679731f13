import { rm } from 'node:fs/promises'
import { createLogger, StartupError, superviseProcess } from '@parley/kit'
import { parseOptions } from './options.ts'
import { createStack } from './stack.ts'

/** Both groups of replicas, and the servers. */
const stopMs = 35_000
const log = createLogger({ service: 'stack' })

try {
  const options = parseOptions(process.argv)
  // The description of a former run no longer holds.
  if (options.json !== undefined) await rm(options.json, { force: true })
  const stack = createStack(options, { env: process.env, log })
  let stopping = false
  superviseProcess({ log, drainMs: stopMs }).onStop(async () => {
    stopping = true
    await stack.stop()
  })
  try {
    await stack.start()
    log.info(options.json === undefined ? {} : { file: options.json }, 'the stack is ready')
  } catch (error) {
    // A caller who asked us to stop in the middle knows why it did not start.
    if (!stopping) {
      await stack.stop()
      throw error
    }
  }
} catch (error) {
  const shown =
    error instanceof StartupError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error)
  process.stderr.write(`The stack cannot start: ${shown}\n`)
  process.exit(1)
}
