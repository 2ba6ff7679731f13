import { may, type Participant } from '@parley/contracts'
import { Hand, MicOff, Pin, PinOff, Signal, SignalLow, Spotlight } from 'lucide-preact'
import { useMemo } from 'preact/hooks'
import { Avatar } from '../../ui/avatar.tsx'
import { IconButton } from '../../ui/button.tsx'
import { CopyLinkButton } from '../../ui/copy.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { VideoView } from '../media/video-view.tsx'
import type { RoomModel } from './room-model.ts'
import { isolated } from '../../lib/people.ts'
import { attempt } from '../../ui/attempt.ts'
import { Name } from '../../ui/name.tsx'
import { useInView } from './use-in-view.ts'

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
  const speaking = person.mic && model.speakers.speaking.value.has(person.id)
  const hand = model.hands.value.get(person.id)
  const ref = useInView(model, person.id, 'camera')
  return (
    <div
      ref={ref}
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
      <Avatar id={person.userId} name={person.name} photo={person.avatarFileId} size="tile" />
      {stream !== null && <VideoView stream={stream} mirrored={self} label={`Video of ${isolated(person.name)}`} />}
      {hand !== undefined && (
        <span class="tile__hand" data-testid="hand-badge" title={`Raised hand, number ${hand}`}>
          <Hand size={16} aria-hidden="true" />
          <span class="sr-only">Raised hand, number</span> {hand}
        </span>
      )}
      {!self && <Trouble model={model} person={person} />}
      <TileName model={model} person={person} self={self} />
      {!alone && (
        <span class={`tile__pin${model.pinned.value === person.id ? ' tile__pin--on' : ''}`}>
          <SpotlightButton model={model} person={person} self={self} />
          <PinButton model={model} person={person} self={self} />
        </span>
      )}
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
  if (self) return ownStream
  return model.preferences.audioOnly.value ? null : (model.state.value.remote.get(person.id)?.camera ?? null)
}

interface PersonProps {
  model: RoomModel
  person: Participant
  self: boolean
}

const TileName = ({ model, person, self }: PersonProps) => (
  <span class="tile__name">
    {!person.mic && (
      <span class="tile__muted" data-testid="mic-off" title="Microphone is off">
        <MicOff size={14} aria-hidden="true" />
        <span class="sr-only">Microphone off</span>
      </span>
    )}
    {person.spotlight === true && (
      <span class="tile__lit" data-testid="spotlit" title="Shown large to everybody">
        <Spotlight size={14} aria-hidden="true" />
        <span class="sr-only">Shown large to everybody</span>
      </span>
    )}
    <span class="tile__text">
      <Name of={person.name} guest={person.guest} />
      {self && <span>&nbsp;(you)</span>}
    </span>
    <Quality model={model} person={person} self={self} />
  </span>
)

/** Nothing while all is well: a sign on every tile would say nothing. */
function Quality({ model, person, self }: PersonProps) {
  const level = model.quality.value.get(person.id)?.level ?? 'good'
  if (level === 'good') return null
  const words = `${self ? 'Your' : 'Their'} connection is ${level === 'poor' ? 'poor' : 'not good'}`
  const Icon = level === 'poor' ? SignalLow : Signal
  return (
    <span class={`tile__quality tile__quality--${level}`} data-testid="quality" data-level={level} title={words}>
      <Icon size={14} aria-hidden="true" />
      <span class="sr-only">{words}</span>
    </span>
  )
}

function PinButton({ model, person, self }: PersonProps) {
  const pinned = model.pinned.value === person.id
  const who = self ? 'yourself' : isolated(person.name)
  return (
    <IconButton
      small
      icon={pinned ? PinOff : Pin}
      label={pinned ? `Unpin ${who}` : `Pin ${who}: show large`}
      testId="pin"
      onClick={() => (model.pinned.value = pinned ? null : person.id)}
    />
  )
}

/** For hosts and cohosts: the person large for everybody who has pinned nobody. */
function SpotlightButton({ model, person, self }: PersonProps) {
  if (!may(model.state.value.self.role, 'moderate')) return null
  const lit = person.spotlight === true
  const who = self ? 'yourself' : isolated(person.name)
  return (
    <IconButton
      small
      icon={Spotlight}
      label={lit ? `Stop showing ${who} to everybody` : `Show ${who} to everybody`}
      testId="spotlight"
      onClick={() => attempt(model.room.spotlight(person.id, !lit))}
    />
  )
}

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
