import type { Problem } from '@parley/contracts'
import { useRef, useState } from 'preact/hooks'
import { problemOf } from '../problem-of.ts'

/** Runs something one at a time on behalf of a form or button: whether it is busy, and the problem of the last try. */
export function useTask(run: () => Promise<void>) {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const running = useRef(false)
  const start = async () => {
    if (running.current) return
    running.current = true
    setBusy(true)
    setProblem(null)
    try {
      await run()
    } catch (error) {
      setProblem(problemOf(error))
    } finally {
      running.current = false
      setBusy(false)
    }
  }
  return { busy, problem, start: () => void start(), reset: () => setProblem(null) }
}
