import type { Meeting, Problem } from '@parley/contracts'
import { useEffect, useState } from 'preact/hooks'
import { problemOf } from '../../problem-of.ts'
import { useServices } from '../../services.ts'
import { meetingByCode } from '../home/meetings-api.ts'

type Lookup = { at: 'looking' } | { at: 'found'; meeting: Meeting } | { at: 'problem'; problem: Problem }

/** Looks a meeting up by its code; one that is over is a problem, like one that is not there. */
export function useLookup(code: string): { lookup: Lookup; retry: () => void } {
  const { session } = useServices()
  const [lookup, setLookup] = useState<Lookup>({ at: 'looking' })
  const [tries, setTries] = useState(0)
  useEffect(() => {
    let current = true
    setLookup({ at: 'looking' })
    meetingByCode(session.parley, code).then(
      (meeting) =>
        current && setLookup(over(meeting) ? { at: 'problem', problem: meetingOver } : { at: 'found', meeting }),
      (error: unknown) => current && setLookup({ at: 'problem', problem: problemOf(error) }),
    )
    return () => {
      current = false
    }
  }, [code, tries])
  return { lookup, retry: () => setTries(tries + 1) }
}

const over = (meeting: Meeting) => meeting.status === 'ended' || meeting.status === 'cancelled'

const meetingOver: Problem = {
  type: '/problems/meeting-over',
  title: 'The meeting has ended or was cancelled',
  status: 410,
  detail: 'The meeting has ended or was cancelled',
  code: 'meeting-over',
  retryable: false,
}
