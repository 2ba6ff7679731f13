import type { Room } from '@parley/client'
import { useTask } from '../../ui/use-task.ts'
import { explain } from '../../lib/explain.ts'
import { toast } from '../../ui/toast.tsx'
import { useEffect } from 'preact/hooks'

/** Loads the messages before the oldest shown, one page at a time. */
export function useOlder(room: Room) {
  const task = useTask(() => room.loadOlderMessages())
  useEffect(() => {
    if (task.problem !== null) toast(`Older messages: ${explain(task.problem).text}`, 'problem')
  }, [task.problem])
  return { loading: task.busy, load: task.start }
}
