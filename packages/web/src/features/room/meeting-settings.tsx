import type { Meeting } from '@parley/contracts'
import { attempt } from '../../ui/attempt.ts'
import { Switch } from '../../ui/choice.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import type { RoomModel } from './room-model.ts'

type Toggle = 'audio' | 'video' | 'screenShare' | 'chat' | 'waitingRoom' | 'guestsAllowed' | 'recording'

const toggles: readonly { name: Toggle; label: string; note?: string }[] = [
  { name: 'audio', label: 'Microphones' },
  { name: 'video', label: 'Cameras' },
  { name: 'screenShare', label: 'Screen sharing' },
  { name: 'chat', label: 'Chat' },
  { name: 'waitingRoom', label: 'Waiting room', note: 'You let people in one by one' },
  { name: 'guestsAllowed', label: 'Guests may join', note: 'People without an account' },
  { name: 'recording', label: 'Recording', note: 'Hosts may record; everybody is told' },
]

/** The settings of this meeting, for its host; each switch holds at once, for those inside too. */
export function MeetingSettings({ model, onClose }: { model: RoomModel; onClose: () => void }) {
  const { meeting } = model.state.value
  return (
    <Dialog title="Meeting settings" narrow onClose={onClose}>
      <p class="muted">What you switch off stops for everybody but hosts, at once.</p>
      <div class="switches">
        {toggles.map(({ name, ...shown }) => (
          <Switch
            key={name}
            {...shown}
            testId={`setting-${name}`}
            checked={meeting.settings[name]}
            onChange={(on) => attempt(change(model, meeting, { [name]: on }))}
          />
        ))}
      </div>
    </Dialog>
  )
}

const change = ({ parley }: RoomModel, { id }: Meeting, settings: Partial<Record<Toggle, boolean>>) =>
  parley.rest.updateMeeting({ params: { id }, body: { settings } })
