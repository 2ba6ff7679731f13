import type { Meeting } from '@parley/contracts'
import { Globe, Lock, Mail } from 'lucide-preact'
import { useState } from 'preact/hooks'
import { faultOf } from '../../lib/explain.ts'
import { nextHalfHour } from '../../lib/time.ts'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { Choice, Switch, type Option } from '../../ui/choice.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { useTask } from '../../ui/use-task.ts'
import { createMeeting, type NewMeeting } from './meetings-api.ts'
import { WhenFields } from './when-fields.tsx'

const types: readonly Option<Meeting['type']>[] = [
  { value: 'private', label: 'Private', note: 'Only by its link', icon: Lock },
  { value: 'invited_only', label: 'Invited', note: 'Invited people only', icon: Mail },
  { value: 'public', label: 'Public', note: 'Shown to all accounts while live', icon: Globe },
]

export interface MeetingInput {
  title: string
  type: Meeting['type']
  later: boolean
  when: string
  minutes: string
  passcode: string
  guests: boolean
  waitingRoom: boolean
}

interface CreateDialogProps {
  onCreated: (meeting: Meeting) => void
  onClose: () => void
}

/** The form for a meeting with settings, now or later. */
export function CreateDialog({ onCreated, onClose }: CreateDialogProps) {
  const { session } = useServices()
  const [draft, setDraft] = useState<MeetingInput>(emptyDraft)
  const set = (change: Partial<MeetingInput>) => setDraft({ ...draft, ...change })
  const task = useTask(async () => onCreated(await createMeeting(session.parley, toInput(draft))))
  const submit = (event: Event) => {
    event.preventDefault()
    task.start()
  }
  const fault = (name: string) => faultOf(task.problem, name)
  return (
    <Dialog title="New meeting" onClose={onClose}>
      <form class="form" onSubmit={submit} data-testid="create-form">
        <ProblemNotice problem={task.problem} />
        <Field
          label="Title"
          value={draft.title}
          onInput={(title) => set({ title })}
          testId="create-title"
          error={fault('title')}
          input={{ maxLength: 200, placeholder: 'Weekly catch-up', autofocus: true }}
        />
        <WhenFields draft={draft} set={set} />
        <Choice legend="People who can join" options={types} value={draft.type} onChange={(type) => set({ type })} />
        <Field
          label="Passcode (optional)"
          value={draft.passcode}
          onInput={(passcode) => set({ passcode })}
          testId="create-passcode"
          hint="4 characters or more; asked of everybody but you"
          error={fault('passcode')}
          input={{ minLength: 4, maxLength: 64, autocomplete: 'off', spellcheck: false }}
        />
        <Switch
          label="Guests may join"
          note="People without an account"
          checked={draft.guests}
          onChange={(guests) => set({ guests })}
        />
        <Switch
          label="Waiting room"
          note="You let people in one by one"
          checked={draft.waitingRoom}
          testId="create-waiting-room"
          onChange={(waitingRoom) => set({ waitingRoom })}
        />
        <div class="dialog__actions">
          <Button kind="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button kind="primary" type="submit" busy={task.busy} testId="create-submit">
            {draft.later ? 'Schedule' : 'Start now'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

const emptyDraft = (): MeetingInput => ({
  title: '',
  type: 'private',
  later: true,
  when: nextHalfHour(new Date()),
  minutes: '30',
  passcode: '',
  guests: true,
  waitingRoom: false,
})

/** The draft as the API takes it; times in UTC, with the zone of this browser for those who read them. */
function toInput(draft: MeetingInput): NewMeeting {
  const title = draft.title.trim()
  return {
    type: draft.type,
    settings: { guestsAllowed: draft.guests, waitingRoom: draft.waitingRoom },
    ...(title === '' ? {} : { title }),
    ...(draft.passcode === '' ? {} : { passcode: draft.passcode }),
    ...(draft.later
      ? {
          scheduledAt: new Date(draft.when).toISOString(),
          durationMinutes: Number(draft.minutes),
          timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        }
      : {}),
  }
}
