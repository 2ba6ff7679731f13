import type { Meeting, Recording } from '@parley/contracts'
import { Download, Film, Play, Trash2 } from 'lucide-preact'
import { useEffect, useState } from 'preact/hooks'
import { formatBytes } from '../../lib/bytes.ts'
import { formatElapsed, formatWhen } from '../../lib/time.ts'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { useLoaded } from '../../ui/use-loaded.ts'
import { useTask } from '../../ui/use-task.ts'
import { Player } from './player.tsx'
import { isRunning, recordingState } from './recording-words.ts'

const againMs = 5_000

/** The recordings of a meeting: to watch, to save, and for its host to delete. Nothing where there are none. */
export function Recordings({ meeting, mine }: { meeting: Meeting; mine: boolean }) {
  const { session } = useServices()
  const { value, problem, reload } = useLoaded(
    () => session.parley.rest.listRecordings({ params: { id: meeting.id } }),
    [meeting.id],
  )
  const changes = value?.items.some((recording) => isRunning(recording) || recording.status === 'processing') ?? false
  useEffect(() => {
    if (!changes) return
    const timer = setInterval(reload, againMs)
    return () => clearInterval(timer)
  }, [changes])
  if (value === null || value.items.length === 0) return null
  return (
    <section class="card settings__card" aria-labelledby="details-recordings">
      <h2 id="details-recordings">Recordings</h2>
      <ProblemNotice problem={problem} />
      <ul class="recordings">
        {value.items.map((recording) => (
          <RecordingRow key={recording.id} recording={recording} mine={mine} onGone={reload} />
        ))}
      </ul>
    </section>
  )
}

interface RowProps {
  recording: Recording
  mine: boolean
  onGone: () => void
}

function RecordingRow({ recording, mine, onGone }: RowProps) {
  const [doing, setDoing] = useState<'nothing' | 'playing' | 'deleting'>('nothing')
  const end = () => setDoing('nothing')
  const facts = [
    recordingState(recording),
    recording.durationMs === null ? null : formatElapsed(recording.durationMs),
    recording.sizeBytes === null ? null : formatBytes(recording.sizeBytes),
  ].filter((fact) => fact !== null)
  return (
    <li class="recording" data-testid="recording" data-status={recording.status}>
      <div class="recording__row">
        {recording.status === 'ready' || recording.status === 'failed' ? (
          <Film size={20} aria-hidden="true" />
        ) : (
          <Spinner label={recordingState(recording)} />
        )}
        <span class="recording__text">
          <strong>{formatWhen(recording.startedAt, new Date())}</strong>
          <span class="choice__note">{facts.join(' · ')}</span>
          {recording.failure !== undefined && <span class="recording__failure">{recording.failure.detail}</span>}
        </span>
        <span class="recording__actions">
          {recording.status === 'ready' && (
            <Button
              icon={Play}
              testId="recording-play"
              onClick={() => setDoing(doing === 'playing' ? 'nothing' : 'playing')}
            >
              {doing === 'playing' ? 'Close' : 'Play'}
            </Button>
          )}
          {recording.status === 'ready' && <SaveButton recording={recording} />}
          {mine && !isRunning(recording) && (
            <Button icon={Trash2} kind="quiet" testId="recording-delete" onClick={() => setDoing('deleting')}>
              Delete
            </Button>
          )}
        </span>
      </div>
      {doing === 'playing' && <Player recording={recording} />}
      {doing === 'deleting' && <DeleteRecording recording={recording} onEnd={end} onGone={onGone} />}
    </li>
  )
}

function SaveButton({ recording }: { recording: Recording }) {
  const { session } = useServices()
  const task = useTask(async () => {
    const { url } = await session.parley.rest.recordingLink({ params: { id: recording.id } })
    const anchor = document.createElement('a')
    anchor.href = url
    anchor.download = `recording-${recording.startedAt.slice(0, 10)}.webm`
    anchor.click()
  })
  return (
    <Button icon={Download} busy={task.busy} testId="recording-save" onClick={task.start}>
      Save
    </Button>
  )
}

function DeleteRecording({
  recording,
  onEnd,
  onGone,
}: {
  recording: Recording
  onEnd: () => void
  onGone: () => void
}) {
  const { session } = useServices()
  const task = useTask(async () => {
    await session.parley.rest.deleteRecording({ params: { id: recording.id } })
    onGone()
  })
  return (
    <Dialog title="Delete this recording?" narrow onClose={onEnd}>
      <p class="muted">Nobody can watch it any more. This can’t be undone.</p>
      <ProblemNotice problem={task.problem} />
      <div class="dialog__actions">
        <Button kind="quiet" onClick={onEnd}>
          Keep it
        </Button>
        <Button kind="danger" busy={task.busy} testId="recording-delete-confirm" onClick={task.start}>
          Delete
        </Button>
      </div>
    </Dialog>
  )
}
