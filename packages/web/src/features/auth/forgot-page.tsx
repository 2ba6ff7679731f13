import { MailCheck } from 'lucide-preact'
import { useState } from 'preact/hooks'
import { faultOf } from '../../lib/explain.ts'
import { signInPath } from '../../router.ts'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { Link } from '../../ui/link.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { Page } from '../../ui/page.tsx'
import { useTask } from '../../ui/use-task.ts'
import { useTitle } from '../../ui/use-title.ts'
import { Outcome } from './outcome.tsx'

/** Asks for the mail that leads to a new password; says the same whether or not there is such an account. */
export function ForgotPasswordPage() {
  useTitle('Forgotten password')
  const { session } = useServices()
  const [email, setEmail] = useState('')
  const [sent, setSent] = useState(false)
  const task = useTask(async () => {
    await session.parley.rest.forgotPassword({ body: { email: email.trim() } })
    setSent(true)
  })
  if (sent) {
    return (
      <Outcome icon={MailCheck} title="Check your inbox" testId="forgot-sent">
        If there is an account for {email.trim()}, a link to set a new password is on its way.
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
        <h1>Forgot your password?</h1>
        <p class="muted">We send you a link to set a new one.</p>
        <form class="form" onSubmit={submit}>
          <ProblemNotice problem={task.problem} />
          <Field
            label="E-mail"
            type="email"
            value={email}
            onInput={setEmail}
            testId="forgot-email"
            error={faultOf(task.problem, 'email')}
            input={{ required: true, autocomplete: 'email', maxLength: 254, autofocus: true }}
          />
          <Button kind="primary" type="submit" wide busy={task.busy} testId="forgot-submit">
            Send the link
          </Button>
        </form>
        <p class="guest__other">
          <Link href={signInPath('/')}>Back to sign in</Link>
        </p>
      </section>
    </Page>
  )
}
