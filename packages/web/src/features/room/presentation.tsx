import { MonitorUp } from 'lucide-preact'
import { isolated } from '../../lib/people.ts'
import { Button } from '../../ui/button.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { VideoView } from '../media/video-view.tsx'
import { toggleScreen } from './actions.ts'
import type { RoomModel } from './room-model.ts'
import type { Shown } from './screens.ts'
import { useInView } from './use-in-view.ts'

/** A shared screen, as large as it gets. */
export function Presentation({ model, shown }: { model: RoomModel; shown: Shown }) {
  const ref = useInView(model, shown.by.id, 'screen')
  return (
    <div ref={ref} class="presentation" data-testid="presentation" data-participant-id={shown.by.id}>
      {shown.stream === null ? (
        <Spinner label="Waiting for the screen" large />
      ) : (
        <VideoView key={shown.stream.id} stream={shown.stream} whole label={`Screen of ${isolated(shown.by.name)}`} />
      )}
      <div class="presentation__label">
        <MonitorUp size={16} aria-hidden="true" />
        <span>{shown.self ? 'You are presenting' : `${isolated(shown.by.name)} is presenting`}</span>
      </div>
    </div>
  )
}

/** Which of several presentations to see; nothing for one. */
export function PresenterChoice({ model }: { model: RoomModel }) {
  const { all, shown, choose } = model.screens
  if (all.value.length < 2) return null
  return (
    <div class="presenters" role="group" aria-label="Presentations">
      {all.value.map(({ by, self }) => (
        <button
          key={by.id}
          type="button"
          class="presenters__one"
          aria-pressed={by.id === shown.value?.by.id}
          data-testid="choose-presentation"
          data-participant-id={by.id}
          onClick={() => choose(by.id)}
        >
          <MonitorUp size={16} aria-hidden="true" />
          {self ? 'Your screen' : <bdi>{by.name}</bdi>}
        </button>
      ))}
    </div>
  )
}

/** For whoever presents, whosever screen is shown. */
export function OwnPresentation({ model }: { model: RoomModel }) {
  if (model.state.value.localScreen === null) return null
  return (
    <div class="presenting" role="status" data-testid="own-presentation">
      <MonitorUp size={18} aria-hidden="true" />
      <span>You are presenting</span>
      <Button kind="danger" testId="stop-presenting" onClick={() => toggleScreen(model)}>
        Stop
      </Button>
    </div>
  )
}
