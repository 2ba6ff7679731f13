import { useState } from 'preact/hooks'
import { faultOf } from '../../lib/explain.ts'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { Link } from '../../ui/link.tsx'
import { Notice, ProblemNotice } from '../../ui/notice.tsx'
import { PasswordField } from '../../ui/password-field.tsx'
import { toast } from '../../ui/toast.tsx'
import { useTask } from '../../ui/use-task.ts'

/** Changes the password; `email` is for password managers. */
export function PasswordForm({ email }: { email: string }) {
  const { session } = useServices()
  const [currentPassword, setCurrent] = useState('')
  const [newPassword, setNew] = useState('')
  const task = useTask(async () => {
    await session.parley.rest.changePassword({ body: { currentPassword, newPassword } })
    setCurrent('')
    setNew('')
    toast('Your password is changed; other devices were signed out')
  })
  const { problem } = task
  const submit = (event: Event) => {
    event.preventDefault()
    task.start()
  }
  return (
    <form class="form" onSubmit={submit}>
      {problem?.code === 'invalid-credentials' ? (
        <Notice kind="problem" title="Wrong password">
          The current password is wrong. Signed up elsewhere and have none? <Link href="/forgot-password">Set one</Link>
        </Notice>
      ) : (
        <ProblemNotice problem={problem} />
      )}
      <input type="hidden" autocomplete="username" value={email} />
      <PasswordField
        label="Current password"
        value={currentPassword}
        onInput={setCurrent}
        testId="account-current-password"
        autocomplete="current-password"
      />
      <PasswordField
        label="New password"
        value={newPassword}
        onInput={setNew}
        testId="account-new-password"
        autocomplete="new-password"
        minLength={8}
        hint="At least 8 characters. Every other device is signed out."
        error={faultOf(problem, 'newPassword')}
      />
      <div class="form__actions">
        <Button kind="primary" type="submit" busy={task.busy} testId="account-change-password">
          Change password
        </Button>
      </div>
    </form>
  )
}
