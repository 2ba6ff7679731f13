import type { RoomState } from '@parley/client'
import { may, type Recording } from '@parley/contracts'
import { effect, signal, type ReadonlySignal } from '@preact/signals'
import { Circle } from 'lucide-preact'
import { Button } from '../../ui/button.tsx'
import { toast } from '../../ui/toast.tsx'
import type { RoomModel } from '../room/room-model.ts'
import { isRunning } from './recording-words.ts'

/** Whether one may start and stop recordings here. */
export const mayRecord = ({ self, meeting }: RoomState): boolean =>
  may(self.role, 'record') && meeting.settings.recording

/** The recording that goes on; null while there is none. */
export const runningOf = ({ recording }: RoomState): Recording | null =>
  recording !== null && isRunning(recording) ? recording : null

/** Starts a recording of the room, or stops the one that goes on. */
export async function toggleRecording({ parley, state }: RoomModel): Promise<void> {
  const running = runningOf(state.peek())
  if (running !== null) {
    await parley.rest.stopRecording({ params: { id: running.id } })
    toast('The recording is being stopped')
    return
  }
  await parley.rest.startRecording({ params: { id: state.peek().meeting.id }, body: {} })
}

/** In the header, for everybody, as long as it is recorded. */
export function RecordingBadge({ model }: { model: RoomModel }) {
  const running = runningOf(model.state.value)
  if (running === null) return null
  const live = running.status === 'recording'
  return (
    <span
      class={`rec${live ? ' rec--live' : ''}`}
      role="status"
      data-testid="recording-badge"
      data-status={running.status}
    >
      <Circle size={10} fill="currentColor" aria-hidden="true" />
      <span aria-hidden="true">REC</span>
      <span class="sr-only">{live ? 'This meeting is being recorded' : 'A recording is starting'}</span>
    </span>
  )
}

/** Tells everybody once per recording, also those who join later, and lets them go. */
export function RecordingNotice({ model, onLeave }: { model: RoomModel; onLeave: () => void }) {
  const running = runningOf(model.state.value)
  const { seen } = model.recordingNotice
  if (running === null || seen.value.has(running.id)) return null
  const agree = () => (seen.value = new Set([...seen.peek(), running.id]))
  return (
    <div class="banner banner--recording" role="alert" data-testid="recording-notice">
      <Circle size={14} fill="currentColor" aria-hidden="true" />
      <span>
        <strong>This meeting is being recorded.</strong> Your picture, voice, screen and name are part of it. Those who
        were in the meeting can watch it later.
      </span>
      <span class="banner__actions">
        <Button kind="primary" testId="recording-agree" onClick={agree}>
          OK
        </Button>
        <Button kind="quiet" testId="recording-leave" onClick={onLeave}>
          Leave
        </Button>
      </span>
    </div>
  )
}

/** Which recordings one was told of; says too when one ends, is ready, or fails. */
export function createRecordingNotice(state: ReadonlySignal<RoomState>) {
  const seen = signal<ReadonlySet<string>>(new Set())
  let last = state.peek().recording
  const stop = effect(() => {
    const { recording, self } = state.value
    const before = last
    last = recording
    if (recording === null || before?.id !== recording.id || before.status === recording.status) return
    const host = may(self.role, 'moderate')
    if (recording.status === 'processing') toast('The recording has stopped')
    if (recording.status === 'ready' && host) toast('The recording is ready. You find it on the meeting’s page.')
    if (recording.status === 'failed' && host)
      toast(`The recording failed. ${recording.failure?.detail ?? ''}`, 'problem')
  })
  return { seen, stop }
}
