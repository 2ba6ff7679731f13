import type { Participant, Role } from '@parley/contracts'
import { EllipsisVertical, Hand, Mic, MicOff, MonitorUp, Video, VideoOff } from 'lucide-preact'
import { useState } from 'preact/hooks'
import { isolated } from '../../lib/people.ts'
import { attempt } from '../../ui/attempt.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { IconButton } from '../../ui/button.tsx'
import type { RoomModel } from '../room/room-model.ts'
import { mayManage, PersonDialog } from './person-dialog.tsx'
import { Name } from '../../ui/name.tsx'

const roleNames: Record<Role, string> = { host: 'Host', cohost: 'Cohost', participant: '', guest: 'Guest' }

interface PersonRowProps {
  model: RoomModel
  person: Participant
  moderates: boolean
}

/** One person of the list; with buttons for those who may moderate, with signs for the others. */
export function PersonRow({ model, person, moderates }: PersonRowProps) {
  const self = person.id === model.state.value.self.id
  const note = person.connection === 'reconnecting' ? 'Reconnecting…' : roleNames[person.role]
  // Also a guest who was made a cohost.
  const guest = person.guest && note !== roleNames.guest
  const speaking = model.speakers.speaking.value.has(person.id)
  return (
    <li class="person" data-testid="person" data-participant-id={person.id} data-name={person.name}>
      <span class={`person__avatar${speaking ? ' person__avatar--speaking' : ''}`}>
        <Avatar id={person.userId} name={person.name} photo={person.avatarFileId} />
      </span>
      <span class="person__name">
        <span>
          <Name of={person.name} guest={guest} />
          {self && ' (you)'}
        </span>
        {note !== '' && <small class="muted">{note}</small>}
      </span>
      {moderates && !self ? (
        <Moderation model={model} person={person} />
      ) : (
        <Signs model={model} person={person} self={self} />
      )}
    </li>
  )
}

function Signs({ model, person, self }: { model: RoomModel; person: Participant; self: boolean }) {
  const hand = model.hands.value.get(person.id)
  return (
    <span class="person__signs">
      {hand !== undefined && self && (
        <IconButton small icon={Hand} label="Lower your hand" onClick={() => attempt(model.room.lowerHand())} />
      )}
      {hand !== undefined && (
        <span class="person__hand" title="Raised hand">
          {hand}
        </span>
      )}
      {person.screen && <MonitorUp size={16} aria-label="Presenting" role="img" />}
      {person.mic ? (
        <Mic size={16} aria-label="Microphone on" role="img" />
      ) : (
        <MicOff size={16} aria-label="Microphone off" role="img" />
      )}
      {person.cam ? (
        <Video size={16} aria-label="Camera on" role="img" />
      ) : (
        <VideoOff size={16} aria-label="Camera off" role="img" />
      )}
    </span>
  )
}

function Moderation({ model, person }: { model: RoomModel; person: Participant }) {
  const hand = model.hands.value.get(person.id)
  const { room } = model
  const name = isolated(person.name)
  const [managing, manage] = useState(false)
  return (
    <span class="person__signs">
      {hand !== undefined && (
        <>
          <span class="person__hand" title="Raised hand">
            {hand}
          </span>
          <IconButton
            small
            icon={Hand}
            label={`Lower the hand of ${name}`}
            testId="lower-hand"
            onClick={() => attempt(room.lowerHandOf(person.id))}
          />
        </>
      )}
      {person.screen && (
        <IconButton
          small
          icon={MonitorUp}
          label={`Stop the presentation of ${name}`}
          testId="stop-screen"
          onClick={() => attempt(room.mute(person.id, 'screen'))}
        />
      )}
      <IconButton
        small
        icon={person.mic ? Mic : MicOff}
        label={person.mic ? `Mute ${name}` : `${name} is muted`}
        testId="mute-person"
        disabled={!person.mic}
        onClick={() => attempt(room.mute(person.id, 'mic'))}
      />
      <IconButton
        small
        icon={person.cam ? Video : VideoOff}
        label={person.cam ? `Turn off the camera of ${name}` : `The camera of ${name} is off`}
        testId="stop-cam"
        disabled={!person.cam}
        onClick={() => attempt(room.mute(person.id, 'cam'))}
      />
      {mayManage(model.state.value.self, person) && (
        <IconButton
          small
          icon={EllipsisVertical}
          label={`More about ${name}`}
          testId="person-more"
          onClick={() => manage(true)}
        />
      )}
      {managing && <PersonDialog model={model} person={person} onClose={() => manage(false)} />}
    </span>
  )
}
