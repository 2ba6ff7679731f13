import type { User } from '@parley/contracts'
import { useState } from 'preact/hooks'
import { faultOf } from '../../lib/explain.ts'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { toast } from '../../ui/toast.tsx'
import { useTask } from '../../ui/use-task.ts'

/** Name and user name. */
export function ProfileForm({ user }: { user: User }) {
  const { session } = useServices()
  const [name, setName] = useState(user.name)
  const [username, setUsername] = useState(user.username ?? '')
  const wanted = { name: name.trim(), username: username.trim().toLowerCase() || null }
  const changed = wanted.name !== user.name || wanted.username !== user.username
  const task = useTask(async () => {
    session.update(await session.parley.rest.updateMe({ body: wanted }))
    toast('Your profile is saved')
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
        testId="account-name"
        hint="Shown to others in a meeting"
        error={faultOf(task.problem, 'name')}
        input={{ required: true, autocomplete: 'name', maxLength: 80, pattern: '.*\\S.*' }}
      />
      <Field
        label="User name (optional)"
        value={username}
        onInput={setUsername}
        testId="account-username"
        hint="3 to 32 letters, digits, and . _ - between them"
        error={faultOf(task.problem, 'username')}
        input={{ autocomplete: 'username', minLength: 3, maxLength: 32, autocapitalize: 'none', spellcheck: false }}
      />
      <div class="form__actions">
        <Button kind="primary" type="submit" busy={task.busy} disabled={!changed} testId="account-save">
          Save
        </Button>
      </div>
    </form>
  )
}
