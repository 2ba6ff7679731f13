import { may, type Participant } from '@parley/contracts'
import { Hand, MicOff } from 'lucide-preact'
import { attempt } from '../../ui/attempt.ts'
import { Button } from '../../ui/button.tsx'
import { CopyLinkButton } from '../../ui/copy.tsx'
import { toast } from '../../ui/toast.tsx'
import { Panel } from '../room/panel.tsx'
import type { RoomModel } from '../room/room-model.ts'
import { Lobby } from './lobby.tsx'
import { PersonRow } from './person-row.tsx'

/** The people in the room, raised hands first; hosts can mute and lower hands. */
export function PeoplePanel({ model }: { model: RoomModel }) {
  const { self, meeting } = model.state.value
  const people = model.people.value
  const raised = people.filter((person) => person.hand !== null).toSorted((a, b) => (a.hand ?? 0) - (b.hand ?? 0))
  const moderates = may(self.role, 'moderate')
  const rows = (list: readonly Participant[]) =>
    list.map((person) => <PersonRow key={person.id} model={model} person={person} moderates={moderates} />)
  return (
    <Panel title="People" count={people.length} onClose={() => (model.panel.value = 'none')}>
      <div class="people" data-testid="people">
        <div class="people__actions">
          <CopyLinkButton link={meeting.joinLink} label="Copy link" testId="copy-invite-people" />
          {moderates && (
            <Button icon={MicOff} testId="mute-all" onClick={() => attempt(muteAll(model))}>
              Mute all
            </Button>
          )}
        </div>
        <Lobby model={model} />
        {raised.length > 0 && (
          <>
            <h3 class="people__heading">
              <Hand size={14} aria-hidden="true" /> Raised hands
            </h3>
            <ol class="people__list">{rows(raised)}</ol>
          </>
        )}
        <h3 class="people__heading">In the meeting</h3>
        <ul class="people__list">
          {rows(
            inOrder(
              people.filter((person) => person.hand === null),
              self.id,
            ),
          )}
        </ul>
      </div>
    </Panel>
  )
}

async function muteAll({ room }: RoomModel): Promise<void> {
  const count = await room.muteAll('mic')
  toast(count === 0 ? 'Everybody was muted already' : `Muted ${count} ${count === 1 ? 'person' : 'people'}`)
}

const inOrder = (people: readonly Participant[], selfId: string) =>
  people.toSorted((a, b) => Number(b.id === selfId) - Number(a.id === selfId) || a.name.localeCompare(b.name))
