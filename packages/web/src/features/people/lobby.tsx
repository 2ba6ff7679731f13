import type { LobbyEntry } from '@parley/contracts'
import { Check, DoorOpen, X } from 'lucide-preact'
import { attempt } from '../../ui/attempt.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { toast } from '../../ui/toast.tsx'
import type { RoomModel } from '../room/room-model.ts'
import { isolated } from '../../lib/people.ts'
import { Name } from '../../ui/name.tsx'

/** The people in the lobby, in the order they came; nothing where nobody does. */
export function Lobby({ model }: { model: RoomModel }) {
  const { lobby } = model.state.value
  if (lobby.length === 0) return null
  return (
    <section class="lobby" aria-label="Waiting" data-testid="lobby">
      <h3 class="people__heading lobby__heading">
        <DoorOpen size={14} aria-hidden="true" /> Waiting <span class="lobby__count">{lobby.length}</span>
        {lobby.length > 1 && (
          <Button kind="quiet" testId="lobby-admit-all" onClick={() => attempt(admitAll(model))}>
            Admit all
          </Button>
        )}
      </h3>
      <ol class="people__list">
        {lobby.map((entry) => (
          <Waiting key={entry.participantId} model={model} entry={entry} />
        ))}
      </ol>
    </section>
  )
}

async function admitAll({ room }: RoomModel): Promise<void> {
  const count = await room.admitAll()
  toast(`Let ${count} ${count === 1 ? 'person' : 'people'} in`)
}

const Waiting = ({ model: { room }, entry }: { model: RoomModel; entry: LobbyEntry }) => (
  <li class="person" data-testid="lobby-entry" data-participant-id={entry.participantId} data-name={entry.name}>
    <Avatar id={entry.userId} name={entry.name} />
    <span class="person__name">
      <span>
        <Name of={entry.name} />
      </span>
      {entry.guest && <small class="muted">Guest</small>}
    </span>
    <span class="lobby__answers">
      <IconButton
        small
        icon={X}
        label={`Decline ${isolated(entry.name)}`}
        testId="lobby-reject"
        onClick={() => attempt(room.reject(entry.participantId))}
      />
      <Button kind="primary" icon={Check} testId="lobby-admit" onClick={() => attempt(room.admit(entry.participantId))}>
        Admit
      </Button>
    </span>
  </li>
)
