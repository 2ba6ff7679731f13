import type { Participant } from '@parley/contracts'
import { Hand, MicOff } from 'lucide-preact'
import { useMemo } from 'preact/hooks'
import { Avatar } from '../../ui/avatar.tsx'
import { CopyLinkButton } from '../../ui/copy.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { VideoView } from '../media/video-view.tsx'
import type { RoomModel } from './room-model.ts'
import { isolated } from '../../lib/people.ts'
import { Name } from '../../ui/name.tsx'

/** In CSS, such as `320px`. */
type Size = Record<'width' | 'height', string>

interface TileProps {
  model: RoomModel
  person: Participant
  size?: Size
  /** Nobody else is here: say how to invite. */
  alone?: boolean
}

/** One person: picture or initials, name, and the state of their microphone, hand and connection. */
export function Tile({ model, person, size, alone = false }: TileProps) {
  const self = person.id === model.state.value.self.id
  const stream = useCamera(model, person, self)
  const speaking = person.mic && model.speaking.value.has(person.id)
  const hand = model.hands.value.get(person.id)
  return (
    <div
      class={`tile${speaking ? ' tile--speaking' : ''}`}
      role="listitem"
      aria-label={labelOf(person, self)}
      style={size}
      data-testid="tile"
      data-participant-id={person.id}
      data-name={person.name}
      data-self={self}
      data-speaking={speaking}
    >
      <Avatar id={person.userId} name={person.name} size="tile" />
      {stream !== null && <VideoView stream={stream} mirrored={self} label={`Video of ${isolated(person.name)}`} />}
      {hand !== undefined && (
        <span class="tile__hand" data-testid="hand-badge" title={`Raised hand, number ${hand}`}>
          <Hand size={16} aria-hidden="true" />
          <span class="sr-only">Raised hand, number</span> {hand}
        </span>
      )}
      {!self && <Trouble model={model} person={person} />}
      <TileName person={person} self={self} />
      {alone && (
        <div class="tile__alone">
          <p>You’re the only one here</p>
          <CopyLinkButton link={model.state.value.meeting.joinLink} label="Copy invite link" testId="copy-invite" />
        </div>
      )}
    </div>
  )
}

const labelOf = ({ name, guest }: Participant, self: boolean): string =>
  `${isolated(name)}${guest ? ', guest' : ''}${self ? ', you' : ''}`

function useCamera(model: RoomModel, person: Participant, self: boolean): MediaStream | null {
  const own = self ? model.media.cam.track.value : null
  const ownStream = useMemo(() => (own === null ? null : new MediaStream([own])), [own])
  if (!person.cam) return null
  return self ? ownStream : (model.state.value.remote.get(person.id)?.camera ?? null)
}

const TileName = ({ person, self }: { person: Participant; self: boolean }) => (
  <span class="tile__name">
    {!person.mic && (
      <span class="tile__muted" data-testid="mic-off" title="Microphone is off">
        <MicOff size={14} aria-hidden="true" />
        <span class="sr-only">Microphone off</span>
      </span>
    )}
    <span class="tile__text">
      <Name of={person.name} guest={person.guest} />
      {self && ' (you)'}
    </span>
  </span>
)

/** Nothing while all is well; else that the person, or only their picture, is on the way back. */
function Trouble({ model, person }: { model: RoomModel; person: Participant }) {
  const connection = model.state.value.remote.get(person.id)?.connection
  const away = person.connection === 'reconnecting' || connection === 'disconnected' || connection === 'failed'
  if (!away) return null
  return (
    <div class="tile__trouble" data-testid="tile-reconnecting">
      <Spinner label="Reconnecting" />
      <span>Reconnecting…</span>
    </div>
  )
}

/** Stands for those who do not fit. */
export const MoreTile = ({
  people,
  size,
  onClick,
}: {
  people: readonly Participant[]
  size: Size
  onClick: () => void
}) => (
  <div role="listitem" style={size}>
    <button class="tile tile--more" type="button" data-testid="more-tile" onClick={onClick}>
      <span class="tile__stack" aria-hidden="true">
        {people.slice(0, 3).map((person) => (
          <Avatar key={person.id} id={person.userId} name={person.name} />
        ))}
      </span>
      <span>{people.length} others</span>
    </button>
  </div>
)
