import { DoorOpen, MicOff, Volume2, WifiOff } from 'lucide-preact'
import { listNames } from '../../lib/people.ts'
import { Button } from '../../ui/button.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { RecordingNotice } from '../recordings/recording-control.tsx'
import { toggleDevice } from './actions.ts'
import type { RoomModel } from './room-model.ts'

/** News for the whole room right now: a lost connection, sound that the browser holds back. */
export function Banners({ model, onLeave }: { model: RoomModel; onLeave: () => void }) {
  const { status } = model.state.value
  const playAll = () => {
    model.soundBlocked.value = false
    for (const audio of document.querySelectorAll('audio')) {
      audio.play().catch(() => {
        model.soundBlocked.value = true
      })
    }
  }
  return (
    <div class="banners" aria-live="assertive">
      {status.state === 'reconnecting' && (
        <div class="banner banner--warning" data-testid="reconnecting">
          <WifiOff size={18} aria-hidden="true" />
          <span>The connection was interrupted. Reconnecting…</span>
          <Spinner label="Reconnecting" />
        </div>
      )}
      <RecordingNotice model={model} onLeave={onLeave} />
      <LobbyBanner model={model} />
      <MutedHint model={model} />
      {model.soundBlocked.value && (
        <div class="banner">
          <Volume2 size={18} aria-hidden="true" />
          <span>Your browser blocked the sound.</span>
          <Button kind="primary" testId="unblock-sound" onClick={playAll}>
            Click to hear
          </Button>
        </div>
      )}
    </div>
  )
}

function MutedHint({ model }: { model: RoomModel }) {
  if (!model.speaksMuted.value) return null
  return (
    <div class="banner" data-testid="muted-hint">
      <MicOff size={18} aria-hidden="true" />
      <span>You are muted</span>
      <Button kind="primary" onClick={() => void toggleDevice(model, 'mic')}>
        Unmute
      </Button>
    </div>
  )
}

/** Somebody waits, and the list of those is not open. */
function LobbyBanner({ model }: { model: RoomModel }) {
  const { lobby } = model.state.value
  if (lobby.length === 0 || model.panel.value === 'people') return null
  return (
    <div class="banner" data-testid="lobby-banner">
      <DoorOpen size={18} aria-hidden="true" />
      <span>
        {listNames(lobby.map((entry) => entry.name))} {lobby.length === 1 ? 'is' : 'are'} waiting
      </span>
      <Button kind="primary" testId="lobby-show" onClick={() => (model.panel.value = 'people')}>
        Show
      </Button>
    </div>
  )
}
