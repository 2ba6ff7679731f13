import { useState } from 'preact/hooks'
import { faultOf } from '../../lib/explain.ts'
import { meetingPath, signInPath, signUpPath } from '../../router.ts'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { Link } from '../../ui/link.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { Page } from '../../ui/page.tsx'
import { useTask } from '../../ui/use-task.ts'

/** The page of a meeting link for a person who is not signed in: a name is enough, an account is offered. */
export function GuestPage({ code }: { code: string }) {
  const { session } = useServices()
  const [name, setName] = useState('')
  const task = useTask(async () => {
    await session.parley.signInAsGuest({ name: name.trim() })
  })
  const submit = (event: Event) => {
    event.preventDefault()
    task.start()
  }
  return (
    <Page>
      <section class="card guest">
        <p class="eyebrow">
          You’re invited to <span class="code">{code}</span>
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
          Have an account? <Link href={signInPath(meetingPath(code))}>Sign in</Link> or{' '}
          <Link href={signUpPath(meetingPath(code))}>create one</Link>
        </p>
      </section>
    </Page>
  )
}
