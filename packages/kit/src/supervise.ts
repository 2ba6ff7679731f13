import type { Logger } from './logger.ts'

export interface Supervisor {
  /** Adds a step of stopping; steps run last added first. */
  onStop(step: () => Promise<void>): void
  /** Stops the process with exit code 1. */
  fail(reason: string): void
  /** Stops watching, for a process that failed to start. */
  release(): void
}

/** The time for the steps before and after the drain. With a drain of 25 s it ends before Kubernetes kills at 30 s. */
const graceMs = 4500

/**
 * Ends this process well: SIGTERM and SIGINT run the stopping steps within `drainMs` and a grace; a second signal
 * ends it at once; an uncaught error is logged and ends it with code 1, for its state is unknown.
 */
export function superviseProcess({ log, drainMs }: { log: Logger; drainMs: number }): Supervisor {
  const steps: (() => Promise<void>)[] = []
  let stopping = false

  async function stop(code: number): Promise<void> {
    // Timers and sockets of a library could keep the process: after the steps, or the deadline, it ends regardless.
    setTimeout(() => end(log, 1, 'stopping took too long'), drainMs + graceMs).unref()
    for (const step of steps.reverse())
      await step().catch((error: unknown) => log.error({ err: error }, 'a step of stopping failed'))
    end(log, code, 'stopped')
  }
  function begin(reason: string, code: number): void {
    if (stopping) return
    stopping = true
    log.info({ reason }, 'stopping')
    void stop(code)
  }
  const onSignal = (signal: NodeJS.Signals): void => (stopping ? end(log, 1, `second ${signal}`) : begin(signal, 0))
  const onFault = (error: unknown): void => {
    log.fatal({ err: error }, 'an uncaught error')
    end(log, 1, 'ended by an error')
  }
  const watched = {
    SIGTERM: onSignal,
    SIGINT: onSignal,
    uncaughtException: onFault,
    unhandledRejection: onFault,
  } as const
  for (const [event, listener] of Object.entries(watched)) process.on(event, listener)
  return {
    onStop: (step) => void steps.push(step),
    fail: (reason) => begin(reason, 1),
    release() {
      for (const [event, listener] of Object.entries(watched)) process.off(event, listener)
    },
  }
}

function end(log: Logger, code: number, reason: string): void {
  log.info({ code }, reason)
  process.exit(code)
}
