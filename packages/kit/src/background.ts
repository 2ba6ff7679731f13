import type { Logger } from './logger.ts'

/** The work of a service that no request over HTTP waits for: queue groups of the bus, consumers, timers, leases. */
export interface Background {
  /** Rejects when it cannot begin. */
  start(): Promise<void>
  /** A drain: the work ends, once what is under way is done, and others do it. Not waited for. */
  rest(): void
  /** The end of a drain: the work begins again. Not waited for. */
  resume(): void
  /** Resolves when it has ended. */
  stop(): Promise<void>
}

/** Begins and ends the work in turn, never both at a time, whatever an operator orders how fast. */
export function createBackground({
  begin,
  end,
  log,
}: {
  begin(): Promise<void> | void
  /** Resolves when what was under way is done. Afterwards `begin` may be called again. */
  end(): Promise<void> | void
  log: Logger
}): Background {
  let works = false
  let last: Promise<void> = Promise.resolve()
  const turn = (wanted: boolean): Promise<void> => {
    last = Promise.allSettled([last]).then(async () => {
      if (works === wanted) return
      await (wanted ? begin() : end())
      works = wanted
    })
    return last
  }
  const order = (wanted: boolean): void =>
    void turn(wanted).catch((err: unknown) =>
      log.error({ err, wanted }, 'the work of a service could not begin or end'),
    )
  return {
    start: () => turn(true),
    rest: () => order(false),
    resume: () => order(true),
    stop: () => turn(false),
  }
}
