import type { ReceivedInvite, User } from '@parley/contracts'
import { CalendarDays, MailX } from 'lucide-preact'
import { useState } from 'preact/hooks'
import { explain, faultOf } from '../../lib/explain.ts'
import { invitePath, meetingPath, signInPath } from '../../router.ts'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { Link } from '../../ui/link.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { Page } from '../../ui/page.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { useLoaded } from '../../ui/use-loaded.ts'
import { useTask } from '../../ui/use-task.ts'
import { useTitle } from '../../ui/use-title.ts'
import { Outcome } from '../auth/outcome.tsx'
import { AccountMenu } from '../home/account-menu.tsx'
import { whenOf } from '../home/meeting-card.tsx'

interface InviteProps {
  id: string
  token: string
}

/** Where the mail of an invitation leads: what it is, and the answer. A person who is not signed in gives a name first. */
export function InvitePage({ id, token }: InviteProps) {
  useTitle('Invitation')
  const user = useServices().session.user.value
  return user === null ? (
    <Introduce id={id} token={token} />
  ) : (
    <Opened key={user.id} id={id} token={token} user={user} />
  )
}

function Introduce({ id, token }: InviteProps) {
  const { session } = useServices()
  const [name, setName] = useState('')
  const task = useTask(async () => {
    await session.introduce(name.trim())
  })
  const submit = (event: Event) => {
    event.preventDefault()
    task.start()
  }
  return (
    <Page>
      <section class="card guest">
        <p class="eyebrow">You’re invited to a meeting</p>
        <h1>What should we call you?</h1>
        <p class="muted">No account needed to answer.</p>
        <form class="form" onSubmit={submit}>
          <ProblemNotice problem={task.problem} />
          <Field
            label="Your name"
            value={name}
            onInput={setName}
            testId="guest-name"
            error={faultOf(task.problem, 'name')}
            input={{ required: true, autocomplete: 'name', maxLength: 80, pattern: '.*\\S.*', autofocus: true }}
          />
          <Button kind="primary" type="submit" wide busy={task.busy} testId="guest-submit">
            See the invitation
          </Button>
        </form>
        <p class="guest__other">
          Have an account? <Link href={signInPath(invitePath(id, token))}>Sign in</Link>
        </p>
      </section>
    </Page>
  )
}

function Opened({ id, token, user }: InviteProps & { user: User }) {
  const { rest } = useServices().session.parley
  const input = { params: { inviteId: id }, body: token === '' ? {} : { token } }
  const { value: invite, problem, set } = useLoaded<ReceivedInvite>(() => rest.openInvite(input), [id])
  const accept = useTask(async () => set(await rest.acceptInvite(input)))
  const decline = useTask(async () => set(await rest.declineInvite(input)))
  if (invite === null && problem !== null) {
    const lost = problem.code === 'not-found' || problem.code === 'invalid-input'
    const other = user.kind === 'guest' ? 'Sign in' : 'Use another account'
    return (
      <Outcome
        icon={MailX}
        title={lost ? 'We can’t find this invitation' : explain(problem).title}
        testId="invite-problem"
        {...(lost ? { action: { href: signInPath(invitePath(id, token)), label: other } } : {})}
      >
        {lost
          ? 'The link may be incomplete, or the invitation belongs to an account. Sign in with the account that accepted it.'
          : explain(problem).text}
      </Outcome>
    )
  }
  // It may have been accepted on another device, as a guest that is not this one.
  const key = token === '' ? null : { id, token }
  return (
    <Page actions={<AccountMenu user={user} />}>
      {invite === null ? (
        <Spinner label="Opening the invitation" large />
      ) : (
        <section class="card ended" data-testid="invite-page" data-status={invite.status}>
          <span class="ended__icon">
            <CalendarDays size={32} aria-hidden="true" />
          </span>
          <p class="eyebrow">
            <bdi>{invite.invitedBy.name}</bdi> invites you to
          </p>
          <h1 dir="auto">{invite.meeting.title}</h1>
          <p class="muted">
            {whenOf(invite.meeting)} · <span class="code">{invite.meeting.code}</span>
          </p>
          {invite.message !== undefined && (
            <p class="invite-message" dir="auto">
              “{invite.message}”
            </p>
          )}
          <ProblemNotice problem={accept.problem ?? decline.problem} />
          {invite.status !== 'pending' && <p role="status">{said[invite.status]}</p>}
          <div class="ended__actions">
            {invite.status === 'accepted' ? (
              <Link class="button button--primary" href={meetingPath(invite.meeting.code, key)} testId="invite-join">
                Go to the meeting
              </Link>
            ) : (
              <Button kind="primary" busy={accept.busy} testId="invite-accept" onClick={accept.start}>
                Accept
              </Button>
            )}
            {invite.status !== 'declined' && (
              <Button busy={decline.busy} testId="invite-decline" onClick={decline.start}>
                Decline
              </Button>
            )}
          </div>
        </section>
      )}
    </Page>
  )
}

const said: Record<ReceivedInvite['status'], string> = {
  pending: '',
  accepted: 'You accepted.',
  declined: 'You declined. You can still change your mind.',
  revoked: 'It was taken back.',
}
