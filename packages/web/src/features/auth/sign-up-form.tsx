import { useState } from 'preact/hooks'
import { faultOf } from '../../lib/explain.ts'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { PasswordField } from '../../ui/password-field.tsx'
import { useTask } from '../../ui/use-task.ts'

export function SignUpForm({ onDone, onSignIn }: { onDone: () => void; onSignIn: () => void }) {
  const { session } = useServices()
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const task = useTask(async () => {
    await session.parley.signUp({ name: name.trim(), email: email.trim(), password })
    onDone()
  })
  const submit = (event: Event) => {
    event.preventDefault()
    task.start()
  }
  return (
    <form class="form" onSubmit={submit}>
      <ProblemNotice problem={task.problem} />
      <Field
        label="Your name"
        value={name}
        onInput={setName}
        testId="signup-name"
        hint="Shown to others in a meeting"
        error={faultOf(task.problem, 'name')}
        input={{ required: true, autocomplete: 'name', maxLength: 80 }}
      />
      <Field
        label="E-mail"
        type="email"
        value={email}
        onInput={setEmail}
        testId="signup-email"
        error={faultOf(task.problem, 'email')}
        input={{ required: true, autocomplete: 'email', maxLength: 254 }}
      />
      <PasswordField
        label="Password"
        value={password}
        onInput={setPassword}
        testId="signup-password"
        autocomplete="new-password"
        minLength={8}
        hint="At least 8 characters"
        error={faultOf(task.problem, 'password')}
      />
      <Button kind="primary" type="submit" wide busy={task.busy} testId="signup-submit">
        Create account
      </Button>
      {task.problem?.code === 'email-taken' && (
        <Button kind="quiet" wide onClick={onSignIn}>
          Sign in instead
        </Button>
      )}
    </form>
  )
}
