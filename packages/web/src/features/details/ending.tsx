import type { Meeting } from '@parley/contracts'
import { CalendarX, Trash2 } from 'lucide-preact'
import { useState } from 'preact/hooks'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { toast } from '../../ui/toast.tsx'
import { useTask } from '../../ui/use-task.ts'

interface EndingProps {
  meeting: Meeting
  onChange: (meeting: Meeting) => void
}

/** Cancelling and deleting, each asked once more. */
export function Ending({ meeting, onChange }: EndingProps) {
  const { session, router } = useServices()
  const [asked, ask] = useState<'nothing' | 'cancel' | 'delete'>('nothing')
  const params = { id: meeting.id }
  const close = () => ask('nothing')
  const cancel = async () => {
    onChange(await session.parley.rest.cancelMeeting({ params }))
    toast('The meeting is cancelled')
    close()
  }
  const remove = async () => {
    await session.parley.rest.deleteMeeting({ params })
    toast('The meeting is deleted')
    router.go('/')
  }
  const over = meeting.status === 'ended' || meeting.status === 'cancelled'
  return (
    <section class="settings__buttons settings__buttons--end" aria-label="Cancel or delete">
      {!over && (
        <Button icon={CalendarX} testId="cancel-meeting" onClick={() => ask('cancel')}>
          Cancel the meeting
        </Button>
      )}
      <Button icon={Trash2} testId="delete-meeting" onClick={() => ask('delete')}>
        Delete
      </Button>
      {asked === 'cancel' && (
        <Confirm
          title="Cancel this meeting?"
          label="Cancel the meeting"
          testId="cancel-confirm"
          run={cancel}
          onClose={close}
        >
          Invited people get an e-mail, and anyone inside is removed. The meeting stays in your list.
        </Confirm>
      )}
      {asked === 'delete' && (
        <Confirm title="Delete this meeting?" label="Delete" testId="delete-confirm" run={remove} onClose={close}>
          This deletes the meeting, its chat and its attendance.
        </Confirm>
      )}
    </section>
  )
}

interface ConfirmProps {
  title: string
  children: string
  label: string
  testId: string
  run: () => Promise<void>
  onClose: () => void
}

function Confirm({ title, children, label, testId, run, onClose }: ConfirmProps) {
  const task = useTask(run)
  return (
    <Dialog title={title} narrow onClose={onClose}>
      <p class="muted">{children}</p>
      <ProblemNotice problem={task.problem} />
      <div class="dialog__actions">
        <Button kind="quiet" onClick={onClose}>
          Keep it
        </Button>
        <Button kind="danger" busy={task.busy} testId={testId} onClick={task.start}>
          {label}
        </Button>
      </div>
    </Dialog>
  )
}
