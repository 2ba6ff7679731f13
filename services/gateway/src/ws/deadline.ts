/** A timer that fires this late says that this process stood still itself. */
const toleranceMs = 250

/**
 * Calls `late` once after `ms`, unless the returned function is called before. The other side is not blamed for our own slowness: what has arrived meanwhile is taken first, and after a standstill of this process the time runs once more.
 */
export function deadline(ms: number, late: () => void): () => void {
  let timer: NodeJS.Timeout
  let turn: NodeJS.Immediate | undefined
  const run = (again: boolean): void => {
    const from = performance.now()
    timer = setTimeout(() => {
      if (again && performance.now() - from > ms + toleranceMs) run(false)
      else turn = setImmediate(late)
    }, ms)
  }
  run(true)
  return () => {
    clearTimeout(timer)
    clearImmediate(turn)
  }
}
