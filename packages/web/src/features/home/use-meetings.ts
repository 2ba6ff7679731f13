import type { Meeting, Problem } from '@parley/contracts'
import { useEffect, useRef, useState } from 'preact/hooks'
import { problemOf } from '../../problem-of.ts'
import { useServices } from '../../services.ts'
import { listMeetings, type Scope } from './meetings-api.ts'

interface Loaded {
  items: readonly Meeting[] | null
  nextCursor: string | null
  problem: Problem | null
  loading: boolean
}

/** A list of meetings, page by page; loaded anew when `refresh` changes and when the page is looked at again. */
export function useMeetings(scope: Scope, refresh: number) {
  const { session } = useServices()
  const [loaded, setLoaded] = useState<Loaded>({ items: null, nextCursor: null, problem: null, loading: false })
  const latest = useRef(0)
  const load = async (before: Loaded, cursor: string | null) => {
    latest.current += 1
    const mine = latest.current
    setLoaded({ ...before, loading: true })
    const next = await listMeetings(session.parley, scope, cursor).then(
      (page) => ({
        items: cursor === null ? page.items : [...(before.items ?? []), ...page.items],
        nextCursor: page.nextCursor,
        problem: null,
      }),
      (error: unknown) => ({ ...before, problem: problemOf(error) }),
    )
    if (mine === latest.current) setLoaded({ ...next, loading: false })
  }
  const reload = () => void load(loaded, null)
  useEffect(reload, [scope, refresh])
  useEffect(() => {
    const onLook = () => {
      if (document.visibilityState === 'visible') reload()
    }
    document.addEventListener('visibilitychange', onLook)
    return () => {
      latest.current += 1
      document.removeEventListener('visibilitychange', onLook)
    }
  }, [])
  return {
    ...loaded,
    hasMore: loaded.nextCursor !== null,
    reload,
    loadMore: () => void load(loaded, loaded.nextCursor),
  }
}
