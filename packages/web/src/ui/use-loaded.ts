import type { Problem } from '@parley/contracts'
import { useEffect, useRef, useState } from 'preact/hooks'
import { problemOf } from '../problem-of.ts'

interface Loaded<T> {
  /** The last that was loaded; null until there is something. */
  value: T | null
  /** Why the last try failed. */
  problem: Problem | null
  loading: boolean
}

/** Loads something when the page is shown and whenever `inputs` change; the latest answer counts. */
export function useLoaded<T>(load: () => Promise<T>, inputs: readonly unknown[]) {
  const [loaded, setLoaded] = useState<Loaded<T>>({ value: null, problem: null, loading: true })
  const latest = useRef(0)
  const reload = async () => {
    latest.current += 1
    const mine = latest.current
    const settle = (change: Partial<Loaded<T>>) => {
      if (mine === latest.current) setLoaded((before) => ({ ...before, loading: false, ...change }))
    }
    setLoaded((before) => ({ ...before, loading: true }))
    await load().then(
      (value) => settle({ value, problem: null }),
      (error: unknown) => settle({ problem: problemOf(error) }),
    )
  }
  useEffect(() => {
    void reload()
    return () => {
      latest.current += 1
    }
  }, inputs)
  const set = (value: T) => {
    latest.current += 1
    setLoaded({ value, problem: null, loading: false })
  }
  return { ...loaded, reload: () => void reload(), set }
}
