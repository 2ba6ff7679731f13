import { ParleyError } from '@parley/client'
import type { Meeting } from '@parley/contracts'
import { useState } from 'preact/hooks'
import { useServices } from '../../services.ts'
import { toast } from '../../ui/toast.tsx'
import { useTask } from '../../ui/use-task.ts'

/** The ETag of a meeting as one knows it. */
export const etagOf = (meeting: Meeting): string => `"${meeting.version}"`

/**
 * Saves a change that holds only if nobody changed the meeting meanwhile. If somebody did, nothing is saved, and
 * `conflict` is the meeting as it is now. `onChange` hears of either.
 */
export function useSave(
  save: () => Promise<Meeting>,
  meeting: Meeting,
  onChange: (meeting: Meeting) => void,
  onSaved?: () => void,
) {
  const { session } = useServices()
  const [conflict, setConflict] = useState<Meeting | null>(null)
  const task = useTask(async () => {
    try {
      const saved = await save()
      setConflict(null)
      onChange(saved)
      onSaved?.()
      toast('Saved')
    } catch (error) {
      if (!(error instanceof ParleyError) || error.problem.code !== 'version-conflict') throw error
      const now: Meeting = await session.parley.rest.getMeeting({ params: { id: meeting.id } })
      setConflict(now)
      onChange(now)
    }
  })
  return { ...task, conflict }
}
