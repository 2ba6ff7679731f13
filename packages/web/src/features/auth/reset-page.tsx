import { CircleCheck, Unlink } from 'lucide-preact'
import { useState } from 'preact/hooks'
import { explain, faultOf } from '../../lib/explain.ts'
import { signInPath } from '../../router.ts'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { Page } from '../../ui/page.tsx'
import { PasswordField } from '../../ui/password-field.tsx'
import { useTask } from '../../ui/use-task.ts'
import { useTitle } from '../../ui/use-title.ts'
import { brokenLink, looksLikeToken } from './link-token.ts'
import { Outcome } from './outcome.tsx'

/** Where the mail for a forgotten password leads: a new one, with the token of the link. */
export function ResetPasswordPage({ token }: { token: string }) {
  useTitle('New password')
  const { session } = useServices()
  const [newPassword, setNewPassword] = useState('')
  const [done, setDone] = useState(false)
  const task = useTask(async () => {
    await session.parley.rest.resetPassword({ body: { token, newPassword } })
    setDone(true)
  })
  const problem = looksLikeToken(token) ? task.problem : brokenLink
  if (done) {
    return (
      <Outcome icon={CircleCheck} title="Your password is changed" testId="reset-done" action={signInAgain}>
        You were signed out everywhere. Sign in with the new one.
      </Outcome>
    )
  }
  if (problem?.code === 'invalid-link') {
    const { title, text } = explain(problem)
    return (
      <Outcome icon={Unlink} title={title} testId="link-broken" action={newLink}>
        {text}
      </Outcome>
    )
  }
  const submit = (event: Event) => {
    event.preventDefault()
    task.start()
  }
  return (
    <Page>
      <section class="card guest">
        <h1>Choose a new password</h1>
        <p class="muted">You will be signed out everywhere.</p>
        <form class="form" onSubmit={submit}>
          <ProblemNotice problem={problem} />
          <PasswordField
            label="New password"
            value={newPassword}
            onInput={setNewPassword}
            testId="reset-password"
            autocomplete="new-password"
            minLength={8}
            hint="At least 8 characters"
            error={faultOf(problem, 'newPassword')}
          />
          <Button kind="primary" type="submit" wide busy={task.busy} testId="reset-submit">
            Set the password
          </Button>
        </form>
      </section>
    </Page>
  )
}

const signInAgain = { href: signInPath('/'), label: 'Sign in' }
const newLink = { href: '/forgot-password', label: 'Get a new link' }
