import type { Parley } from '@parley/client'
import type { Meeting, Problem } from '@parley/contracts'
import { useEffect, useState } from 'preact/hooks'
import { problemOf } from '../../problem-of.ts'
import type { InviteKey } from '../../router.ts'
import { useServices } from '../../services.ts'
import { meetingByCode } from '../home/meetings-api.ts'

/** `invite`: what has to be accepted before one may join. */
type Lookup =
  | { at: 'looking' }
  | { at: 'found'; meeting: Meeting; invite: InviteKey | null }
  | { at: 'problem'; problem: Problem }

/** Looks a meeting up by its code; one that is over is a problem, like one that is not there. */
export function useLookup(code: string, invite: InviteKey | null): { lookup: Lookup; retry: () => void } {
  const { session } = useServices()
  const [lookup, setLookup] = useState<Lookup>({ at: 'looking' })
  const [tries, setTries] = useState(0)
  useEffect(() => {
    let current = true
    setLookup({ at: 'looking' })
    find(session.parley, code, invite).then(
      (found) =>
        current && setLookup(over(found.meeting) ? { at: 'problem', problem: meetingOver } : { at: 'found', ...found }),
      (error: unknown) => current && setLookup({ at: 'problem', problem: problemOf(error) }),
    )
    return () => {
      current = false
    }
  }, [code, tries])
  return { lookup, retry: () => setTries(tries + 1) }
}

/** By the code or, where that says nothing to this person, by the invitation that the link came with. */
async function find(parley: Parley, code: string, invite: InviteKey | null) {
  try {
    return { meeting: await meetingByCode(parley, code), invite: null }
  } catch (error) {
    if (invite === null || problemOf(error).code !== 'not-found') throw error
    const { meeting } = await parley.rest.openInvite({ params: { inviteId: invite.id }, body: { token: invite.token } })
    return { meeting, invite }
  }
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
