import { useState } from 'preact/hooks'
import { download } from '../../download.ts'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Notice, ProblemNotice } from '../../ui/notice.tsx'
import { PasswordField } from '../../ui/password-field.tsx'
import { toast } from '../../ui/toast.tsx'
import { useTask } from '../../ui/use-task.ts'

/** All that is known of this account as a file, and the end of the account. */
export function DataCard() {
  const { session } = useServices()
  const [erasing, setErasing] = useState(false)
  const save = useTask(() => download(session.parley, '/v1/auth/me/export', 'my-parley-data.json'))
  return (
    <>
      <p>Download what is kept of you: profile, meetings, messages, files, and where you are signed in.</p>
      <ProblemNotice problem={save.problem} />
      <div class="form__actions">
        <Button busy={save.busy} testId="account-export" onClick={save.start}>
          Download my data
        </Button>
        <Button kind="danger" testId="account-erase" onClick={() => setErasing(true)}>
          Delete my account
        </Button>
      </div>
      {erasing && <EraseDialog onClose={() => setErasing(false)} />}
    </>
  )
}

function EraseDialog({ onClose }: { onClose: () => void }) {
  const { session, router } = useServices()
  const [currentPassword, setPassword] = useState('')
  const erase = useTask(async () => {
    await session.parley.rest.eraseMe({ body: currentPassword === '' ? {} : { currentPassword } })
    await session.parley.signOut().catch(() => undefined)
    router.go('/')
    toast('Your account is deleted')
  })
  const submit = (event: Event) => {
    event.preventDefault()
    erase.start()
  }
  return (
    <Dialog title="Delete your account?" onClose={onClose} narrow>
      <form class="form" onSubmit={submit}>
        <p>
          You are signed out everywhere, and nobody can take it back. Messages and meetings that others need stay, under
          the name “Deleted user”.
        </p>
        {erase.problem?.code === 'invalid-credentials' ? (
          <Notice kind="problem" title="Wrong password">
            Enter the password of this account. If it has none, sign in again first.
          </Notice>
        ) : (
          <ProblemNotice problem={erase.problem} />
        )}
        <PasswordField
          label="Your password"
          value={currentPassword}
          onInput={setPassword}
          testId="account-erase-password"
          autocomplete="current-password"
        />
        <div class="form__actions">
          <Button onClick={onClose}>Keep my account</Button>
          <Button kind="danger" type="submit" busy={erase.busy} testId="account-erase-really">
            Delete my account
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
