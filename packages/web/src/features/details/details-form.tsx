import type { Meeting, MeetingSettings, OperationInput } from '@parley/contracts'
import { useState } from 'preact/hooks'
import { faultOf } from '../../lib/explain.ts'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { Choice, Switch, type Option } from '../../ui/choice.tsx'
import { Field } from '../../ui/field.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { useUnsaved } from '../../ui/use-unsaved.ts'
import { Conflict } from './conflict.tsx'
import { etagOf, useSave } from './save.ts'

type Changes = NonNullable<OperationInput<'updateMeeting'>['body']>
type Toggle = 'waitingRoom' | 'guestsAllowed' | 'chat' | 'screenShare' | 'audio' | 'video' | 'recording'

const types: readonly Option<Meeting['type']>[] = [
  { value: 'private', label: 'Private', note: 'Only by its link' },
  { value: 'invited_only', label: 'Invited only', note: 'Invited people only' },
  { value: 'public', label: 'Public', note: 'Shown to all accounts while live' },
]

const toggles: readonly { name: Toggle; label: string; note?: string }[] = [
  { name: 'waitingRoom', label: 'Waiting room', note: 'You let people in one by one' },
  { name: 'guestsAllowed', label: 'Guests may join', note: 'People without an account' },
  { name: 'chat', label: 'Chat' },
  { name: 'screenShare', label: 'Screen sharing' },
  { name: 'audio', label: 'Microphones' },
  { name: 'video', label: 'Cameras' },
  { name: 'recording', label: 'Recording', note: 'Hosts may record; everybody is told' },
]

interface FormProps {
  meeting: Meeting
  onChange: (meeting: Meeting) => void
}

/** Title, who gets in, and what one may do in it. */
export function DetailsForm({ meeting, onChange }: FormProps) {
  const { session } = useServices()
  // An untouched field follows the meeting, so that saving never takes a change of somebody else back unseen.
  const [edits, setEdits] = useState<Edits>({})
  useUnsaved(Object.keys(edits).length > 0)
  const settings = { ...meeting.settings, ...edits.settings }
  const draft: DetailsInput = {
    title: meeting.title,
    type: meeting.type,
    passcode: '',
    open: false,
    ...edits,
    settings,
  }
  const set = (change: Edits) => setEdits({ ...edits, ...change })
  const save = useSave(
    () =>
      session.parley.rest.updateMeeting({
        params: { id: meeting.id },
        headers: { 'if-match': etagOf(meeting) },
        body: toChanges(draft, meeting),
      }),
    meeting,
    onChange,
    () => setEdits({}),
  )
  const { problem } = save
  const submit = (event: Event) => {
    event.preventDefault()
    save.start()
  }
  return (
    <section class="card settings__card" aria-labelledby="details-settings">
      <h2 id="details-settings">Details</h2>
      <form class="form" onSubmit={submit} data-testid="details-form">
        <ProblemNotice problem={problem} />
        {save.conflict !== null && <Conflict>{describe(save.conflict)}.</Conflict>}
        <Field
          label="Title"
          value={draft.title}
          onInput={(title) => set({ title })}
          testId="details-title"
          error={faultOf(problem, 'title')}
          input={{ required: true, maxLength: 200, pattern: '.*\\S.*' }}
        />
        <Choice legend="People who can join" options={types} value={draft.type} onChange={(type) => set({ type })} />
        <Passcode draft={draft} set={set} has={meeting.hasPasscode} error={faultOf(problem, 'passcode')} />
        {toggles.map(({ name, ...words }) => (
          <Switch
            key={name}
            {...words}
            checked={draft.settings[name]}
            testId={`details-${name}`}
            onChange={(on) => set({ settings: { ...edits.settings, [name]: on } })}
          />
        ))}
        <div class="form__actions">
          <Button kind="primary" type="submit" busy={save.busy} testId="details-save">
            Save
          </Button>
        </div>
      </form>
    </section>
  )
}

interface DetailsInput {
  title: string
  type: Meeting['type']
  /** A new one; empty keeps what there is. */
  passcode: string
  /** Takes the passcode away. */
  open: boolean
  settings: Pick<MeetingSettings, Toggle>
}

type Edits = Partial<Omit<DetailsInput, 'settings'>> & { settings?: Partial<DetailsInput['settings']> }

interface PasscodeProps {
  draft: DetailsInput
  set: (change: Edits) => void
  has: boolean
  error: string | undefined
}

const Passcode = ({ draft, set, has, error }: PasscodeProps) => (
  <>
    <Field
      label={has ? 'New passcode' : 'Passcode (optional)'}
      value={draft.passcode}
      onInput={(passcode) => set({ passcode, open: false })}
      testId="details-passcode"
      hint={has ? 'One is set; leave this empty to keep it' : '4 characters or more; asked of everybody but you'}
      error={error}
      input={{ minLength: 4, maxLength: 64, autocomplete: 'off', spellcheck: false }}
    />
    {has && <Switch label="Remove passcode" checked={draft.open} onChange={(open) => set({ open, passcode: '' })} />}
  </>
)

/** `“Weekly”, private, with a passcode; on: waiting room, chat`. */
function describe({ title, type, hasPasscode, settings }: Meeting): string {
  const on = toggles.filter(({ name }) => settings[name]).map(({ label }) => label.toLowerCase())
  const kind = types.find(({ value }) => value === type)?.label.toLowerCase() ?? type
  const list = on.length === 0 ? 'nothing' : on.join(', ')
  return `“${title}”, ${kind}, ${hasPasscode ? 'with a' : 'without'} passcode; on: ${list}`
}

/** The changes of the draft: the title is always named, for a change of nothing is none. */
function toChanges({ title, type, passcode, open, settings }: DetailsInput, meeting: Meeting): Changes {
  const changed = toggles.filter(({ name }) => settings[name] !== meeting.settings[name])
  return {
    title: title.trim(),
    ...(type === meeting.type ? {} : { type }),
    ...(passcode === '' ? {} : { passcode }),
    ...(open ? { passcode: null } : {}),
    ...(changed.length === 0
      ? {}
      : { settings: Object.fromEntries(changed.map(({ name }) => [name, settings[name]])) }),
  }
}
