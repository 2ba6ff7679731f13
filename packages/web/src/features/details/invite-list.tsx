import type { Invite, InviteStatus, Meeting } from '@parley/contracts'
import { Mail, UserRound, X } from 'lucide-preact'
import { useState } from 'preact/hooks'
import { faultOf } from '../../lib/explain.ts'
import { useServices } from '../../services.ts'
import { attempt } from '../../ui/attempt.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { toast } from '../../ui/toast.tsx'
import { useLoaded } from '../../ui/use-loaded.ts'
import { useTask } from '../../ui/use-task.ts'

/** Invites people by e-mail; who was invited, and what they said. */
export function InviteList({ meeting }: { meeting: Meeting }) {
  const { session } = useServices()
  const params = { id: meeting.id }
  const { value, problem, reload } = useLoaded(
    () => session.parley.rest.listInvites({ params, query: { limit: 100 } }),
    [meeting.id],
  )
  const revoke = async (inviteId: string) => {
    await session.parley.rest.revokeInvite({ params: { inviteId } })
    toast('The invitation is taken back')
    reload()
  }
  const invites = value?.items.filter((invite) => invite.status !== 'revoked') ?? []
  return (
    <section class="card settings__card" aria-labelledby="details-invites">
      <h2 id="details-invites">Invitations</h2>
      <InviteForm meeting={meeting} onInvited={reload} />
      {value === null &&
        (problem === null ? <Spinner label="Loading invitations" /> : <ProblemNotice problem={problem} />)}
      {invites.length > 0 && (
        <ul class="session-list" data-testid="invite-list">
          {invites.map((invite) => (
            <InviteRow key={invite.id} invite={invite} onRevoke={() => attempt(revoke(invite.id))} />
          ))}
        </ul>
      )}
    </section>
  )
}

function InviteForm({ meeting, onInvited }: { meeting: Meeting; onInvited: () => void }) {
  const { session } = useServices()
  const [email, setEmail] = useState('')
  const [message, setMessage] = useState('')
  const task = useTask(async () => {
    const text = message.trim()
    const body = { email: email.trim(), ...(text === '' ? {} : { message: text }) }
    const { status } = await session.parley.rest.full.createInvite({ params: { id: meeting.id }, body })
    toast(status === 200 ? `${email.trim()} is invited already` : `An invitation is on its way to ${email.trim()}`)
    setEmail('')
    setMessage('')
    onInvited()
  })
  const submit = (event: Event) => {
    event.preventDefault()
    task.start()
  }
  return (
    <form class="form" onSubmit={submit} data-testid="invite-form">
      <ProblemNotice problem={task.problem} />
      <Field
        label="E-mail"
        type="email"
        value={email}
        onInput={setEmail}
        testId="invite-email"
        error={faultOf(task.problem, 'email')}
        input={{ required: true, autocomplete: 'off', maxLength: 254 }}
      />
      <Field
        label="Message (optional)"
        value={message}
        onInput={setMessage}
        testId="invite-message"
        error={faultOf(task.problem, 'message')}
        input={{ maxLength: 1000 }}
      />
      <div class="form__actions">
        <Button kind="primary" type="submit" icon={Mail} busy={task.busy} testId="invite-send">
          Invite
        </Button>
      </div>
    </form>
  )
}

const said: Record<InviteStatus, string> = {
  pending: 'No answer yet',
  accepted: 'Accepted',
  declined: 'Declined',
  revoked: 'Taken back',
}

const InviteRow = ({ invite, onRevoke }: { invite: Invite; onRevoke: () => void }) => {
  const who = invite.email ?? 'Somebody with an account'
  return (
    <li class="session" data-testid="invite" data-status={invite.status}>
      {invite.email === undefined ? <UserRound size={20} aria-hidden="true" /> : <Mail size={20} aria-hidden="true" />}
      <div class="session__text">
        <strong>
          <bdi>{who}</bdi>
        </strong>
        <span class="choice__note">{said[invite.status]}</span>
      </div>
      <IconButton icon={X} label={`Cancel the invitation of ${who}`} testId="invite-revoke" onClick={onRevoke} />
    </li>
  )
}
