import pino, { type DestinationStream } from 'pino'
import pretty from 'pino-pretty'
import { isTracing, traceId } from './tracing/trace.ts'
import { redactFields, redactLine } from './redact.ts'

export type Logger = pino.Logger

export interface LoggerOptions {
  service: string
  level?: string | undefined
  /** Default: pretty on a terminal, else json. */
  format?: 'json' | 'pretty' | undefined
  /** The process's name. */
  instance?: string | undefined
  /** Where lines go; default the standard output. */
  destination?: DestinationStream | undefined
}

/** A logger that never prints secret fields, whatever it is given. */
export function createLogger({ service, level = 'info', format, instance, destination }: LoggerOptions): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: { service, ...(instance === undefined ? {} : { instance }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: redactFields },
    // The formatter has described errors already; pino's own serializer would copy all their fields.
    serializers: { err: (error: unknown) => error },
    hooks: { streamWrite: redactLine },
    ...(isTracing() ? { mixin: () => traceFields() } : {}),
  }
  const isPretty = (format ?? (process.stdout.isTTY ? 'pretty' : 'json')) === 'pretty'
  const stream = isPretty ? prettyStream(destination) : destination
  return redactingChildren(pino(options, stream ?? standardOutput()))
}

/** Anew each time, for pino writes into it. */
const traceFields = (): { traceId?: string } => {
  const id = traceId()
  return id === undefined ? {} : { traceId: id }
}

/** Written at once: what is buffered when the process ends is tried for ever on a pipe that nobody reads any more. */
const standardOutput = (): DestinationStream => pino.destination({ fd: process.stdout.fd, sync: true })

const prettyStream = (destination: DestinationStream | undefined): DestinationStream =>
  pretty({ destination: destination ?? 1, sync: true, ignore: 'service,instance', messageFormat: '[{service}] {msg}' })

/** pino does not apply its formatters to what children are bound to. Children inherit this. */
function redactingChildren(log: Logger): Logger {
  const child = log.child
  return Object.assign(log, {
    child(this: Logger, bindings: pino.Bindings, options?: pino.ChildLoggerOptions): Logger {
      return Reflect.apply(child, this, [redactFields(bindings), options]) as Logger
    },
  })
}
