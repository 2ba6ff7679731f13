import type { Signal } from '@preact/signals'
import { Button } from '../../ui/button.tsx'
import { Switch } from '../../ui/choice.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { useTask } from '../../ui/use-task.ts'
import { DevicePickers } from '../media/device-pickers.tsx'
import { MeetingSettings } from './meeting-settings.tsx'
import type { RoomModel } from './room-model.ts'
import { hotkeys } from './use-hotkeys.ts'

/** The dialog that is open, if any. */
export function RoomDialogs({ model, onLeave }: { model: RoomModel; onLeave: () => void }) {
  const close = () => {
    model.dialog.value = 'none'
  }
  const which = model.dialog.value
  switch (which) {
    case 'none':
      return null
    case 'end':
      return <EndDialog model={model} onClose={close} />
    case 'leave':
      return <LeaveDialog onLeave={onLeave} onClose={close} />
    case 'settings':
      return <SettingsDialog model={model} onClose={close} />
    case 'meeting':
      return <MeetingSettings model={model} onClose={close} />
    case 'shortcuts':
      return <ShortcutsDialog onClose={close} />
    default:
      return which satisfies never
  }
}

/** One's own devices, and what one likes in calls. */
function SettingsDialog({ model, onClose }: { model: RoomModel; onClose: () => void }) {
  const { media, preferences } = model
  return (
    <Dialog title="Settings" narrow onClose={onClose}>
      <DevicePickers media={media} speaker={preferences.speaker} onChoose={(kind, id) => void media.choose(kind, id)} />
      <fieldset class="switches">
        <legend class="field__label">Sounds</legend>
        <Preference label="Someone joins" testId="sound-join" value={preferences.joinSound} />
        <Preference label="Someone waits to be let in" testId="sound-knock" value={preferences.knockSound} />
        <Preference label="A message arrives" testId="sound-chat" value={preferences.chatSound} />
      </fieldset>
      <fieldset class="switches">
        <legend class="field__label">In this call</legend>
        <Preference
          label="Push to talk"
          note="Hold the space bar to turn your microphone on"
          testId="push-to-talk"
          value={preferences.pushToTalk}
        />
        <Preference
          label="Audio only"
          note="Load no pictures of others, to save data"
          testId="audio-only"
          value={preferences.audioOnly}
        />
      </fieldset>
    </Dialog>
  )
}

interface PreferenceProps {
  label: string
  note?: string
  testId: string
  value: Signal<boolean>
}

const Preference = ({ value, ...shown }: PreferenceProps) => (
  <Switch {...shown} checked={value.value} onChange={(on) => (value.value = on)} />
)

function EndDialog({ model, onClose }: { model: RoomModel; onClose: () => void }) {
  const others = model.people.value.length - 1
  const task = useTask(() => model.room.endMeeting())
  return (
    <Dialog title="End the meeting for everybody?" narrow onClose={onClose}>
      <p class="muted">
        {others === 0 ? 'Nobody else is here.' : `${others} other ${others === 1 ? 'person is' : 'people are'} in it.`}{' '}
        The link stops working. To leave without ending it, choose Leave.
      </p>
      <ProblemNotice problem={task.problem} />
      <div class="dialog__actions">
        <Button kind="quiet" onClick={onClose}>
          Cancel
        </Button>
        <Button kind="danger" busy={task.busy} testId="end-confirm" onClick={task.start}>
          End for all
        </Button>
      </div>
    </Dialog>
  )
}

/** After the browser's Back, which says nothing of a call. */
const LeaveDialog = ({ onLeave, onClose }: { onLeave: () => void; onClose: () => void }) => (
  <Dialog title="Leave the meeting?" narrow onClose={onClose}>
    <p class="muted">You can rejoin while the meeting is running.</p>
    <div class="dialog__actions">
      <Button kind="quiet" testId="leave-stay" onClick={onClose}>
        Stay
      </Button>
      <Button kind="danger" testId="leave-confirm" onClick={onLeave}>
        Leave
      </Button>
    </div>
  </Dialog>
)

const ShortcutsDialog = ({ onClose }: { onClose: () => void }) => (
  <Dialog title="Keyboard shortcuts" narrow onClose={onClose}>
    <dl class="shortcuts">
      {hotkeys.map(({ key, does }) => (
        <div key={key}>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
  </Dialog>
)
