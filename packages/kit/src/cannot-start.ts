import pino from 'pino'
import { ConfigError, type Environment } from './config.ts'
import { createLogger } from './logger.ts'
import { StartupError } from './startup-error.ts'

const lastChanceMs = 2000
const mostCauses = 5

/** The messages of an error and of what caused it, for the person who started the process; none of their other fields. */
export function explain(error: unknown): string {
  const told: string[] = []
  for (let at: unknown = error; at !== undefined && told.length <= mostCauses; at = causeOf(at)) {
    const message = at instanceof Error ? textOf(at) : String(at)
    if (!told.some((before) => before.includes(message))) told.push(message)
  }
  return told.join('; because: ')
}

/** Says why a process cannot start, as a line of the log where that is JSON; exit code 1. */
export function reportAndEnd(service: string, error: unknown, env: Environment): void {
  const expected = error instanceof ConfigError || error instanceof StartupError
  const why = `cannot start: ${expected ? error.message : explain(error)}`
  if (env['LOG_FORMAT'] === 'json') {
    const log = createLogger({ service, format: 'json', destination: pino.destination({ fd: 2, sync: true }) })
    log.fatal(expected ? {} : { err: error }, why)
  } else {
    const stack = !expected && error instanceof Error ? `\n${error.stack ?? ''}` : ''
    process.stderr.write(`${service} ${why}${stack}\n`)
  }
  process.exitCode = 1
  // A connection that was made before the fault must not keep the process.
  setTimeout(() => process.exit(1), lastChanceMs).unref()
}

const causeOf = (error: unknown): unknown => (error instanceof Error ? error.cause : undefined)

/** Node's own errors of connections say nothing but a code when several addresses were tried. */
function textOf(error: Error): string {
  if (error.message !== '') return error.message
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined
  return first instanceof Error ? first.message : 'code' in error ? String(error.code) : error.name
}
