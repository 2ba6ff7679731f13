import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { useTask } from '../../ui/use-task.ts'
import { DevicePickers } from '../media/device-pickers.tsx'
import type { RoomModel } from './room-model.ts'
import { hotkeys } from './use-hotkeys.ts'

/** The dialog that is open, if any. */
export function RoomDialogs({ model }: { model: RoomModel }) {
  const close = () => {
    model.dialog.value = 'none'
  }
  const which = model.dialog.value
  switch (which) {
    case 'none':
      return null
    case 'end':
      return <EndDialog model={model} onClose={close} />
    case 'settings':
      return (
        <Dialog title="Camera and microphone" narrow onClose={close}>
          <DevicePickers media={model.media} onChoose={(kind, id) => void model.media.choose(kind, id)} />
        </Dialog>
      )
    case 'shortcuts':
      return <ShortcutsDialog onClose={close} />
    default:
      return which satisfies never
  }
}

function EndDialog({ model, onClose }: { model: RoomModel; onClose: () => void }) {
  const others = model.people.value.length - 1
  const task = useTask(() => model.room.endMeeting())
  return (
    <Dialog title="End the meeting for everybody?" narrow onClose={onClose}>
      <p class="muted">
        {others === 0 ? 'Nobody else is here.' : `${others} other ${others === 1 ? 'person is' : 'people are'} in it.`}{' '}
        The link stops working. To go alone, leave instead.
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
