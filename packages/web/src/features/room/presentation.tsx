import type { RoomState } from '@parley/client'
import type { Participant } from '@parley/contracts'
import { MonitorUp } from 'lucide-preact'
import { Button } from '../../ui/button.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { VideoView } from '../media/video-view.tsx'
import { toggleScreen } from './actions.ts'
import type { RoomModel } from './room-model.ts'
import { isolated } from '../../lib/people.ts'

export interface Shown {
  by: Participant
  self: boolean
  stream: MediaStream | null
}

/** The screens that are shared, others' before one's own. */
export function presentations({ self, peers, remote, localScreen }: RoomState): Shown[] {
  const others = peers
    .filter((peer) => peer.screen)
    .map((peer) => ({ by: peer, self: false, stream: remote.get(peer.id)?.screen ?? null }))
  return localScreen === null ? others : [...others, { by: self, self: true, stream: localScreen }]
}

/** A shared screen, as large as it gets. */
export const Presentation = ({ model, shown }: { model: RoomModel; shown: Shown }) => (
  <div class="presentation" data-testid="presentation" data-participant-id={shown.by.id}>
    {shown.stream === null ? (
      <Spinner label="Waiting for the screen" large />
    ) : (
      <VideoView key={shown.stream.id} stream={shown.stream} whole label={`Screen of ${isolated(shown.by.name)}`} />
    )}
    <div class="presentation__label">
      <MonitorUp size={16} aria-hidden="true" />
      <span>{shown.self ? 'You are presenting' : `${isolated(shown.by.name)} is presenting`}</span>
      {shown.self && (
        <Button kind="danger" onClick={() => toggleScreen(model)}>
          Stop
        </Button>
      )}
    </div>
  </div>
)
