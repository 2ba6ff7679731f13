import { may } from '@parley/contracts'
import { Hand, MessageSquare, Mic, MicOff, MonitorUp, PhoneOff, Users, Video, VideoOff } from 'lucide-preact'
import { isNarrow } from '../../ui/media-query.ts'
import { canShareScreen } from '../media/capture.ts'
import { toggleDevice, toggleHand, togglePanel, toggleScreen } from './actions.ts'
import { MoreMenu } from './more-menu.tsx'
import { ReactionsMenu } from './reactions-menu.tsx'
import type { RoomModel } from './room-model.ts'
import { blockedBy } from './allowed.ts'
import { RoundButton, RoundToggle } from './round-toggle.tsx'

interface ControlBarProps {
  model: RoomModel
  onLeave: () => void
}

/** The controls; on a phone the less needed half moves into a menu. */
export const ControlBar = ({ model, onLeave }: ControlBarProps) => (
  <nav class="controls" aria-label="Meeting controls">
    <div class="controls__group">
      <Devices model={model} />
      {!isNarrow() && <ScreenButton model={model} />}
      <HandButton model={model} />
      {!isNarrow() && <ReactionsMenu reactions={model.reactions} />}
    </div>
    <div class="controls__group">
      <RoundButton
        icon={MessageSquare}
        label="Chat"
        shortcut="c"
        testId="open-chat"
        active={model.panel.value === 'chat'}
        badge={model.unread.value}
        onClick={() => togglePanel(model, 'chat')}
      />
      {!isNarrow() && <PeopleButton model={model} />}
      <MoreMenu model={model} />
    </div>
    <div class="controls__group">
      <button
        class="leave"
        type="button"
        data-testid="leave"
        aria-label="Leave the meeting"
        title="Leave the meeting"
        onClick={onLeave}
      >
        <PhoneOff size={22} aria-hidden="true" />
        {!isNarrow() && <span>Leave</span>}
      </button>
      {!isNarrow() && may(model.state.value.self.role, 'end') && (
        <button class="end" type="button" data-testid="end-meeting" onClick={() => (model.dialog.value = 'end')}>
          End for all
        </button>
      )}
    </div>
  </nav>
)

const Devices = ({ model }: { model: RoomModel }) => (
  <>
    <RoundToggle
      on={model.media.mic.on.value}
      icons={[Mic, MicOff]}
      label="microphone"
      shortcut="m"
      testId="toggle-mic"
      blocked={blockedBy(model.state.value, 'mic')}
      onClick={() => void toggleDevice(model, 'mic')}
    />
    <RoundToggle
      on={model.media.cam.on.value}
      icons={[Video, VideoOff]}
      label="camera"
      shortcut="v"
      testId="toggle-cam"
      blocked={blockedBy(model.state.value, 'cam')}
      onClick={() => void toggleDevice(model, 'cam')}
    />
  </>
)

function HandButton({ model }: { model: RoomModel }) {
  const raised = model.state.value.self.hand !== null
  return (
    <RoundButton
      icon={Hand}
      label={raised ? 'Lower your hand' : 'Raise your hand'}
      shortcut="h"
      testId="toggle-hand"
      active={raised}
      onClick={() => toggleHand(model)}
    />
  )
}

function ScreenButton({ model }: { model: RoomModel }) {
  const sharing = model.state.value.localScreen !== null
  if (!canShareScreen()) return null
  return (
    <RoundButton
      icon={MonitorUp}
      label={sharing ? 'Stop presenting' : 'Present your screen'}
      testId="toggle-screen"
      active={sharing}
      blocked={sharing ? undefined : blockedBy(model.state.value, 'screen')}
      onClick={() => toggleScreen(model)}
    />
  )
}

const PeopleButton = ({ model }: { model: RoomModel }) => (
  <RoundButton
    icon={Users}
    label="People"
    shortcut="p"
    testId="open-people"
    active={model.panel.value === 'people'}
    badge={model.state.value.lobby.length}
    onClick={() => togglePanel(model, 'people')}
  />
)
