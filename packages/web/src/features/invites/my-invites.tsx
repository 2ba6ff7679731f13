import type { Parley } from '@parley/client'
import type { ReceivedInvite } from '@parley/contracts'
import { Check, X } from 'lucide-preact'
import { report } from '../../report.ts'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { toast } from '../../ui/toast.tsx'
import { useLoaded } from '../../ui/use-loaded.ts'
import { useTask } from '../../ui/use-task.ts'
import { whenOf } from '../home/meeting-card.tsx'
import { isolated } from '../../lib/people.ts'

/** Invitations that wait for an answer; nothing where there are none. */
export function MyInvites({ onAnswer }: { onAnswer: () => void }) {
  const { session } = useServices()
  const { value, reload } = useLoaded(() => pending(session.parley), [])
  const open = value?.items.filter(({ meeting }) => meeting.status !== 'ended' && meeting.status !== 'cancelled') ?? []
  if (open.length === 0) return null
  const answered = () => {
    reload()
    onAnswer()
  }
  return (
    <section class="lists" aria-labelledby="my-invites">
      <h2 id="my-invites">You’re invited</h2>
      <ul class="meeting-list" data-testid="my-invites">
        {open.map((invite) => (
          <InviteCard key={invite.id} invite={invite} onAnswer={answered} />
        ))}
      </ul>
    </section>
  )
}

/** None if they cannot be read: the page is as good without them. */
async function pending(parley: Parley): Promise<{ items: readonly ReceivedInvite[] }> {
  try {
    return await parley.rest.myInvites({ query: { status: 'pending', limit: 20 } })
  } catch (error) {
    report('The invitations could not be read', error)
    return { items: [] }
  }
}

function InviteCard({ invite, onAnswer }: { invite: ReceivedInvite; onAnswer: () => void }) {
  const { rest } = useServices().session.parley
  const { meeting, invitedBy } = invite
  const input = { params: { inviteId: invite.id }, body: {} }
  const accept = useTask(async () => {
    await rest.acceptInvite(input)
    toast(`“${isolated(meeting.title)}” is in your meetings now`)
    onAnswer()
  })
  const decline = useTask(async () => {
    await rest.declineInvite(input)
    onAnswer()
  })
  return (
    <li class="meeting-card meeting-card--invite" data-testid="my-invite">
      <div class="meeting-card__main">
        <h3 dir="auto">{meeting.title}</h3>
        <p class="meeting-card__facts">
          <span>{whenOf(meeting)}</span>
          <span>
            From <bdi>{invitedBy.name}</bdi>
          </span>
        </p>
        {invite.message !== undefined && (
          <p class="invite-message" dir="auto">
            “{invite.message}”
          </p>
        )}
        <ProblemNotice problem={accept.problem ?? decline.problem} />
      </div>
      <div class="meeting-card__actions">
        <Button icon={X} busy={decline.busy} testId="invite-decline" onClick={decline.start}>
          Decline
        </Button>
        <Button kind="primary" icon={Check} busy={accept.busy} testId="invite-accept" onClick={accept.start}>
          Accept
        </Button>
      </div>
    </li>
  )
}
