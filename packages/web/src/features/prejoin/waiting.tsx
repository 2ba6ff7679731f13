import type { Meeting, Problem } from '@parley/contracts'
import { DoorClosed, DoorOpen, Mic, MicOff, RotateCw, Video, VideoOff } from 'lucide-preact'
import { explain, type Explanation } from '../../lib/explain.ts'
import { Button } from '../../ui/button.tsx'
import { Link } from '../../ui/link.tsx'
import { useTitle } from '../../ui/use-title.ts'
import type { LocalMedia } from '../media/local-media.ts'
import type { JoinState } from './use-join.ts'

/** In front of the door: the place in the queue, as it is now. */
export function WaitingCard({ meeting, media, join }: { meeting: Meeting; media: LocalMedia; join: JoinState }) {
  useTitle(`Waiting · ${meeting.title}`)
  const mic = media.mic.on.value
  const cam = media.cam.on.value
  const MicIcon = mic ? Mic : MicOff
  const CamIcon = cam ? Video : VideoOff
  return (
    <section class="card ended waiting" data-testid="lobby-waiting">
      <span class="ended__icon waiting__icon">
        <DoorOpen size={32} aria-hidden="true" />
      </span>
      <p class="eyebrow" dir="auto">
        {meeting.title}
      </p>
      <h1>Waiting to be let in</h1>
      <p class="muted" aria-live="polite">
        <span data-testid="lobby-position" data-position={join.position ?? ''}>
          {placeOf(join.position)}
        </span>{' '}
        You’ll join automatically when a host lets you in.
      </p>
      <p class="waiting__devices muted">
        <span>
          <MicIcon size={16} aria-hidden="true" /> Microphone {mic ? 'on' : 'off'}
        </span>
        <span>
          <CamIcon size={16} aria-hidden="true" /> Camera {cam ? 'on' : 'off'}
        </span>
      </p>
      <p class="choice__note">Nobody sees or hears you until then.</p>
      <div class="ended__actions">
        <Button testId="lobby-leave" onClick={join.giveUp}>
          Stop waiting
        </Button>
      </div>
    </section>
  )
}

function placeOf(position: number | null): string {
  if (position === null) return 'A host has been told.'
  if (position === 1) return 'You are next.'
  return `You are number ${position} in the queue.`
}

interface WaitOverProps {
  title: string
  problem: Problem
  onAgain: () => void
}

/** The wait ended without a room. */
export function WaitOver({ title, problem, onAgain }: WaitOverProps) {
  const words = refusals[problem.code] ?? { ...explain(problem), again: true }
  return (
    <section class="card ended" data-testid="lobby-over" data-code={problem.code}>
      <span class="ended__icon">
        <DoorClosed size={32} aria-hidden="true" />
      </span>
      <p class="eyebrow">{title}</p>
      <h1>{words.title}</h1>
      <p class="muted" role="alert">
        {words.text}
      </p>
      <div class="ended__actions">
        {words.again && (
          <Button kind="primary" icon={RotateCw} testId="lobby-again" onClick={onAgain}>
            Ask again
          </Button>
        )}
        <Link class="button button--plain" href="/">
          Back to start
        </Link>
      </div>
    </section>
  )
}

const refusals: Readonly<Record<string, Explanation & { again: boolean }>> = {
  'not-admitted': {
    title: 'You were not let in',
    text: 'The host didn’t let you in. You can ask again a little later.',
    again: true,
  },
  'removed-from-meeting': { title: 'You were removed', text: 'A host removed you from this meeting.', again: false },
  'meeting-over': { title: 'The meeting has ended', text: 'It was over before you were let in.', again: false },
}
