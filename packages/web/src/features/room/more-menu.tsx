import { may } from '@parley/contracts'
import {
  Circle,
  CircleStop,
  CircleX,
  Ellipsis,
  Grid3x3,
  Keyboard,
  Link2,
  MonitorUp,
  Settings,
  SlidersHorizontal,
  UserSquare,
  Users,
  type LucideIcon,
} from 'lucide-preact'
import { attempt } from '../../ui/attempt.ts'
import { copyText } from '../../ui/copy.tsx'
import { isNarrow } from '../../ui/media-query.ts'
import { Menu } from '../../ui/menu.tsx'
import { canShareScreen } from '../media/capture.ts'
import { togglePanel, toggleScreen } from './actions.ts'
import { ReactionRow } from './reactions-menu.tsx'
import { mayRecord, runningOf, toggleRecording } from '../recordings/recording-control.tsx'
import { blockedBy } from './allowed.ts'
import type { RoomModel } from './room-model.ts'

/** The controls that are needed less often; on a phone also what the bar has no place for. */
export function MoreMenu({ model }: { model: RoomModel }) {
  const { meeting, self, localScreen } = model.state.value
  const narrow = isNarrow()
  return (
    <Menu
      label="More"
      testId={narrow ? 'reactions' : 'more'}
      side="above"
      buttonClass="round"
      button={<Ellipsis size={22} aria-hidden="true" />}
    >
      {narrow && <ReactionRow reactions={model.reactions} />}
      {narrow && canShareScreen() && (localScreen !== null || blockedBy(model.state.value, 'screen') === undefined) && (
        <Item
          icon={MonitorUp}
          label={localScreen === null ? 'Present your screen' : 'Stop presenting'}
          testId="toggle-screen"
          onClick={() => toggleScreen(model)}
        />
      )}
      {narrow && <Item icon={Users} label="People" testId="open-people" onClick={() => togglePanel(model, 'people')} />}
      <Item
        icon={Link2}
        label="Copy invite link"
        testId="copy-invite-menu"
        onClick={() => void copyText(meeting.joinLink, 'Meeting link copied')}
      />
      <LayoutItem model={model} />
      <RecordItem model={model} />
      <Item icon={Settings} label="Settings" testId="open-settings" onClick={() => (model.dialog.value = 'settings')} />
      {self.role === 'host' && (
        <Item
          icon={SlidersHorizontal}
          label="Meeting settings"
          testId="open-meeting-settings"
          onClick={() => (model.dialog.value = 'meeting')}
        />
      )}
      {!narrow && (
        <Item
          icon={Keyboard}
          label="Keyboard shortcuts"
          testId="open-shortcuts"
          onClick={() => (model.dialog.value = 'shortcuts')}
        />
      )}
      {narrow && may(self.role, 'end') && (
        <Item
          icon={CircleX}
          label="End for all"
          testId="end-meeting"
          danger
          onClick={() => (model.dialog.value = 'end')}
        />
      )}
    </Menu>
  )
}

function RecordItem({ model }: { model: RoomModel }) {
  if (!mayRecord(model.state.value)) return null
  const running = runningOf(model.state.value) !== null
  return (
    <Item
      icon={running ? CircleStop : Circle}
      label={running ? 'Stop recording' : 'Record the meeting'}
      testId="toggle-recording"
      onClick={() => attempt(toggleRecording(model))}
    />
  )
}

function LayoutItem({ model: { layout, pinned } }: { model: RoomModel }) {
  const isGrid = layout.value === 'grid'
  const change = () => {
    pinned.value = null
    layout.value = isGrid ? 'speaker' : 'grid'
  }
  return (
    <Item
      icon={isGrid ? UserSquare : Grid3x3}
      label={isGrid ? 'Show the speaker large' : 'Show everybody in a grid'}
      testId="toggle-layout"
      onClick={change}
    />
  )
}

interface ItemProps {
  icon: LucideIcon
  label: string
  testId: string
  danger?: boolean
  onClick: () => void
}

const Item = ({ icon: Icon, label, testId, danger = false, onClick }: ItemProps) => (
  <button
    class={`menu__item${danger ? ' menu__item--danger' : ''}`}
    type="button"
    data-testid={testId}
    onClick={onClick}
  >
    <Icon size={18} aria-hidden="true" />
    {label}
  </button>
)
