import { useState } from 'preact/hooks'
import { explainCode } from '../../lib/explain.ts'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { Link } from '../../ui/link.tsx'
import { Notice, ProblemNotice } from '../../ui/notice.tsx'
import { PasswordField } from '../../ui/password-field.tsx'
import { useTask } from '../../ui/use-task.ts'

export function SignInForm({ onDone, problem }: { onDone: () => void; problem?: string | undefined }) {
  const { session } = useServices()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const task = useTask(async () => {
    await session.parley.signIn({ email: email.trim(), password })
    onDone()
  })
  const submit = (event: Event) => {
    event.preventDefault()
    task.start()
  }
  return (
    <form class="form" onSubmit={submit}>
      <ProblemNotice problem={task.problem} />
      {session.endedBecause.value !== null && task.problem === null && (
        <div data-testid="signed-out-because">
          <Notice kind="info" title="You’ve been signed out">
            {session.endedBecause.value}
          </Notice>
        </div>
      )}
      {problem !== undefined && task.problem === null && (
        <div data-testid="signin-problem" data-code={problem}>
          <Notice kind="problem" title={explainCode(problem).title}>
            {explainCode(problem).text}
          </Notice>
        </div>
      )}
      <Field
        label="E-mail"
        type="email"
        value={email}
        onInput={setEmail}
        testId="signin-email"
        input={{ required: true, autocomplete: 'email', maxLength: 254 }}
      />
      <PasswordField
        label="Password"
        value={password}
        onInput={setPassword}
        testId="signin-password"
        autocomplete="current-password"
      />
      <Button kind="primary" type="submit" wide busy={task.busy} testId="signin-submit">
        Sign in
      </Button>
      <p class="form__aside">
        <Link href="/forgot-password" testId="forgot-password">
          Forgot your password?
        </Link>
      </p>
    </form>
  )
}
