import type { Participant, Role } from '@parley/contracts'
import { Crown, UserMinus, UserRound, UserRoundCog, type LucideIcon } from 'lucide-preact'
import { useState } from 'preact/hooks'
import { Button } from '../../ui/button.tsx'
import { Switch } from '../../ui/choice.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { toast } from '../../ui/toast.tsx'
import { useTask } from '../../ui/use-task.ts'
import type { RoomModel } from '../room/room-model.ts'
import { isolated } from '../../lib/people.ts'

/** Whether `self` may do something about `person` beyond muting: hosts about all, cohosts about those below them. */
export const mayManage = (self: Participant, person: Participant): boolean =>
  self.role === 'host' || (self.role === 'cohost' && person.role !== 'host' && person.role !== 'cohost')

interface PersonProps {
  model: RoomModel
  person: Participant
  onClose: () => void
}

/** The actions of a host or cohost on a person: another role, handing over, sending out. */
export function PersonDialog({ model, person, onClose }: PersonProps) {
  const [step, go] = useState<'choose' | 'remove' | 'host'>('choose')
  switch (step) {
    case 'choose':
      return (
        <Choose
          model={model}
          person={person}
          onClose={onClose}
          onRemove={() => go('remove')}
          onHost={() => go('host')}
        />
      )
    case 'remove':
      return <Remove model={model} person={person} onClose={onClose} />
    case 'host':
      return <HandOver model={model} person={person} onClose={onClose} />
    default:
      return step satisfies never
  }
}

const done: Partial<Record<Role, string>> = { cohost: 'is a cohost now', participant: 'is a participant again' }

function Choose({
  model,
  person,
  onClose,
  onRemove,
  onHost,
}: PersonProps & { onRemove: () => void; onHost: () => void }) {
  const role = person.role === 'cohost' ? 'participant' : 'cohost'
  const task = useTask(async () => {
    await model.room.setRole(person.id, role)
    toast(`${isolated(person.name)} ${done[role] ?? ''}`)
    onClose()
  })
  const host = model.state.value.self.role === 'host' && !person.guest
  return (
    <Dialog title={isolated(person.name)} narrow onClose={onClose}>
      <ProblemNotice problem={task.problem} />
      <div class="dialog__list">
        {host && (
          <Item
            icon={role === 'cohost' ? UserRoundCog : UserRound}
            label={role === 'cohost' ? 'Make cohost' : 'Make participant'}
            note={role === 'cohost' ? 'May mute, admit and remove people' : 'Takes the rights of a cohost back'}
            testId="role-person"
            onClick={task.start}
          />
        )}
        {host && (
          <Item
            icon={Crown}
            label="Hand over the meeting"
            note="You become a cohost"
            testId="host-person"
            onClick={onHost}
          />
        )}
        <Item
          icon={UserMinus}
          label="Remove from the meeting"
          note="You’ll be asked to confirm"
          testId="remove-person"
          danger
          onClick={onRemove}
        />
      </div>
    </Dialog>
  )
}

interface ItemProps {
  icon: LucideIcon
  label: string
  note: string
  testId: string
  danger?: boolean
  onClick: () => void
}

const Item = ({ icon: Icon, label, note, testId, danger = false, onClick }: ItemProps) => (
  <button
    class={`menu__item${danger ? ' menu__item--danger' : ''}`}
    type="button"
    data-testid={testId}
    onClick={onClick}
  >
    <Icon size={18} aria-hidden="true" />
    <span class="choice__text">
      <span class="choice__label">{label}</span>
      <span class="choice__note">{note}</span>
    </span>
  </button>
)

function Remove({ model, person, onClose }: PersonProps) {
  const [ban, setBan] = useState(false)
  const task = useTask(async () => {
    await model.room.remove(person.id, ban)
    onClose()
  })
  return (
    <Dialog title={`Remove ${isolated(person.name)}?`} narrow onClose={onClose}>
      <p class="muted">{ban ? 'They can’t rejoin this meeting.' : 'If they return, they must be let in again.'}</p>
      <ProblemNotice problem={task.problem} />
      <Switch label="Also ban" note="They can’t ask again" checked={ban} onChange={setBan} testId="ban-person" />
      <div class="dialog__actions">
        <Button kind="quiet" onClick={onClose}>
          Cancel
        </Button>
        <Button kind="danger" busy={task.busy} testId="remove-confirm" onClick={task.start}>
          {ban ? 'Remove and ban' : 'Remove'}
        </Button>
      </div>
    </Dialog>
  )
}

function HandOver({ model, person, onClose }: PersonProps) {
  const task = useTask(async () => {
    await model.room.setRole(person.id, 'host')
    toast(`${isolated(person.name)} is the host now`)
    onClose()
  })
  return (
    <Dialog title={`Make ${isolated(person.name)} the host?`} narrow onClose={onClose}>
      <p class="muted">The meeting is theirs from then on; you stay as a cohost. Only they can give it back.</p>
      <ProblemNotice problem={task.problem} />
      <div class="dialog__actions">
        <Button kind="quiet" onClick={onClose}>
          Cancel
        </Button>
        <Button kind="primary" busy={task.busy} testId="host-confirm" onClick={task.start}>
          Hand over
        </Button>
      </div>
    </Dialog>
  )
}
