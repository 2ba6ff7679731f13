import type { Recording } from '@parley/contracts'
import { useRef } from 'preact/hooks'
import { formatElapsed } from '../../lib/time.ts'
import { useServices } from '../../services.ts'
import { ProblemNotice } from '../../ui/notice.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { useLoaded } from '../../ui/use-loaded.ts'

/** Plays a recording from a link that needs no token; the browser reads the ranges it needs. Names lead to when people came. */
export function Player({ recording }: { recording: Recording }) {
  const { session } = useServices()
  const video = useRef<HTMLVideoElement>(null)
  const { value, problem, reload } = useLoaded(
    () => session.parley.rest.recordingLink({ params: { id: recording.id } }),
    [recording.id],
  )
  const goTo = (ms: number) => {
    if (video.current === null) return
    video.current.currentTime = ms / 1000
    void video.current.play()
  }
  if (value === null)
    return problem === null ? <Spinner label="Loading the recording" /> : <ProblemNotice problem={problem} />
  return (
    <div class="player">
      <video
        ref={video}
        class="player__video"
        controls
        playsInline
        preload="metadata"
        src={value.url}
        data-testid="recording-video"
        onError={reload}
      />
      {recording.people.length > 0 && (
        <ul class="player__people" aria-label="People in it">
          {recording.people.map((person) => (
            <li key={`${person.participantId}/${person.fromMs}`}>
              <button type="button" class="link" onClick={() => goTo(person.fromMs)}>
                <bdi>{person.name}</bdi> {formatElapsed(person.fromMs)}–{formatElapsed(person.toMs)}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
