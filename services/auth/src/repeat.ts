import type { Logger } from '@parley/kit'

export interface Repeated {
  /** Begins no further round and waits for the one under way. */
  stop(): Promise<void>
}

/** Runs `task` again and again, `everyMs` (± 10 %, so that replicas drift apart) after the last round. A failure is logged; the next round comes. */
export function repeat(
  task: () => Promise<void>,
  { name, everyMs, log }: { name: string; everyMs: number; log: Logger },
): Repeated {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  async function round(): Promise<void> {
    try {
      await task()
    } catch (error) {
      log.warn({ err: error }, `${name} failed; it will be tried again`)
    }
    schedule()
  }
  function schedule(): void {
    if (stopped) return
    timer = setTimeout(() => void (running = round()), everyMs * (0.9 + Math.random() * 0.2)).unref()
  }
  schedule()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
