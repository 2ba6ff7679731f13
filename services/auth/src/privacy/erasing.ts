import type { Logger } from '@parley/kit'
import type { Erasures } from './erase.ts'

const everyMs = 5_000

/** Works on erasures until stopped; one that fails, because a service is away, is tried again when its lease ends. */
export function createErasing(erasures: Erasures, log: Logger) {
  let stopped = true
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | null = null

  async function all(): Promise<void> {
    try {
      while (!stopped && (await erasures.work()));
    } catch (error) {
      log.warn({ err: error }, 'an erased account is not forgotten yet; it will be tried again')
    }
  }
  function run(): void {
    if (stopped) return
    clearTimeout(timer)
    running ??= all().finally(() => {
      running = null
      if (!stopped) timer = setTimeout(run, everyMs).unref()
    })
  }
  return {
    start() {
      stopped = false
      run()
    },
    /** Looks for what is due at once. */
    kick: run,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
