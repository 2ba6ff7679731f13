import type { EntryAccess } from '@parley/contracts'
import { DoorClosed } from 'lucide-preact'
import { useState } from 'preact/hooks'
import { explainCode, faultOf } from '../../lib/explain.ts'
import { meetingPath, signInPath, signUpPath, type InviteKey } from '../../router.ts'
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

interface GuestPageProps {
  code: string
  invite: InviteKey | null
}

/** The page of a meeting link for a person who is not signed in. Whether a guest could come in is looked up before a name is asked for. */
export function GuestPage({ code, invite }: GuestPageProps) {
  const { rest } = useServices().session.parley
  const { value: door, problem } = useLoaded<EntryAccess>(() => rest.codeDoor({ params: { code } }), [code])
  useTitle(door?.meeting?.title ?? 'Meeting')
  if (door === null && problem === null)
    return (
      <Page>
        <Spinner label="Looking up the meeting" large />
      </Page>
    )
  const shut = door === null ? null : shutFor(door, invite)
  const next = meetingPath(code, invite)
  return shut === null ? (
    <NameForm code={code} title={door?.meeting?.title} next={next} />
  ) : (
    <Shut code={code} reason={shut} next={next} />
  )
}

/** Why a guest could not come in, whatever they are called; an invitation may open what is hidden. */
function shutFor({ reason }: EntryAccess, invite: InviteKey | null): string | null {
  if (reason === 'not-found') return invite === null ? reason : null
  return reason === 'guests-not-allowed' || reason === 'meeting-over' ? reason : null
}

function Shut({ code, reason, next }: { code: string; reason: string; next: string }) {
  const { title, text } = explainCode(reason)
  return (
    <Page>
      <section class="card notice-card" data-testid="door-closed" data-code={reason}>
        <span class="ended__icon">
          <DoorClosed size={32} aria-hidden="true" />
        </span>
        <p class="eyebrow code">{code}</p>
        <h1>{title}</h1>
        <p class="muted" role="status">
          {text} {reason === 'not-found' && 'If you were invited with your account, sign in.'}
        </p>
        <div class="ended__actions">
          {reason !== 'meeting-over' && (
            <Link class="button button--primary" href={signInPath(next)} testId="door-sign-in">
              Sign in
            </Link>
          )}
          <Link class="button button--plain" href="/">
            Back to start
          </Link>
        </div>
      </section>
    </Page>
  )
}

/** A name is enough, an account is offered. */
function NameForm({ code, title, next }: { code: string; title: string | undefined; next: string }) {
  const { session } = useServices()
  const [name, setName] = useState('')
  const task = useTask(() => session.introduce(name.trim()))
  const submit = (event: Event) => {
    event.preventDefault()
    task.start()
  }
  return (
    <Page>
      <section class="card guest">
        <p class="eyebrow">
          You’re invited to {title === undefined ? <span class="code">{code}</span> : <bdi>{title}</bdi>}
        </p>
        <h1>What should we call you?</h1>
        <p class="muted">Others will see this name. No account needed.</p>
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
            Continue as guest
          </Button>
        </form>
        <p class="guest__other">
          Have an account?{' '}
          <Link href={signInPath(next)} testId="guest-sign-in">
            Sign in
          </Link>{' '}
          or <Link href={signUpPath(next)}>create one</Link>
        </p>
      </section>
    </Page>
  )
}
