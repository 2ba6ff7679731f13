import { activeLoop, type Task } from './loop.ts'

/** Simulated time begins here, ms since 1970. */
export const epochMs = Date.UTC(2026, 0, 1)

const real = { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval }

/** The result of `setTimeout`, as far as anybody uses it. */
class Timer {
  task: Task | null = null
  unref(): this {
    return this
  }
  ref(): this {
    return this
  }
  hasRef(): boolean {
    return true
  }
}

type Call = (...args: unknown[]) => void

function start(call: Call, ms: number, every: boolean): Timer | null {
  const loop = activeLoop()
  const actor = loop?.current
  if (!loop || !actor) return null
  const timer = new Timer()
  const waitMs = Math.max(1, Number.isFinite(ms) ? ms : 1)
  const next = (): void => {
    timer.task = loop.after(waitMs, actor, () => {
      if (every) next()
      call()
    })
  }
  next()
  return timer
}

function stop(timer: unknown): boolean {
  if (!(timer instanceof Timer)) return false
  if (timer.task) timer.task.run = null
  return true
}

/**
 * Puts simulated time in the place of this thread's clocks and timers, for what runs inside of an actor. Everything else, such as
 * what the explorer itself does, keeps the real ones.
 */
export function installVirtualTime(): void {
  const put = (name: string, value: unknown) => Object.defineProperty(globalThis, name, { value, writable: true })
  put(
    'setTimeout',
    (call: Call, ms = 1, ...args: unknown[]) =>
      start(() => call(...args), ms, false) ?? real.setTimeout(call, ms, ...args),
  )
  put(
    'setInterval',
    (call: Call, ms = 1, ...args: unknown[]) =>
      start(() => call(...args), ms, true) ?? real.setInterval(call, ms, ...args),
  )
  put('setImmediate', (call: Call, ...args: unknown[]) => {
    const loop = activeLoop()
    if (loop?.current) return void loop.after(0, loop.current, () => call(...args))
    return real.setImmediate(call, ...args)
  })
  put('clearTimeout', (timer: NodeJS.Timeout) => stop(timer) || real.clearTimeout(timer))
  put('clearInterval', (timer: NodeJS.Timeout) => stop(timer) || real.clearInterval(timer))
  const [date, monotonic] = [Date.now.bind(Date), performance.now.bind(performance)]
  Date.now = () => {
    const loop = activeLoop()
    return loop ? epochMs + Math.floor(loop.now) : date()
  }
  performance.now = () => activeLoop()?.now ?? monotonic()
}

/** The real clock, for how long a run takes. */
export const realNow = performance.now.bind(performance)
