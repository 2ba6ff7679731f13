import type { Logger } from '@parley/kit'

export interface Loop {
  /** Runs it now, or again once the run under way is over. */
  wake(): void
  /** Resolves when the run under way is over. */
  stop(): Promise<void>
}

interface LoopOptions {
  name: string
  everyMs: number
  /** Resolves with whether there is more to do at once. */
  run(): Promise<boolean>
  log: Logger
}

/**
 * Runs a task again and again, never twice at a time, until stopped. An error is logged and the task tried again later.
 */
export function startLoop({ name, everyMs, run, log }: LoopOptions): Loop {
  let stopping = false
  let woken = false
  let endPause = (): void => {}

  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      if (woken || stopping) return resolve()
      const timer = setTimeout(resolve, everyMs)
      endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const once = async (): Promise<boolean> => {
    try {
      return await run()
    } catch (error) {
      log.warn({ err: error, loop: name }, 'a background task failed, will try again')
      return false
    }
  }
  async function go(): Promise<void> {
    while (!stopping) {
      woken = false
      if (!(await once())) await pause()
    }
  }
  const done = go()
  return {
    wake() {
      woken = true
      endPause()
    },
    stop() {
      stopping = true
      endPause()
      return done
    },
  }
}
