import { listNames } from '../../lib/people.ts'
import { Panel } from '../room/panel.tsx'
import type { RoomModel } from '../room/room-model.ts'
import { Composer } from './composer.tsx'
import { MessageList } from './message-list.tsx'

/** The chat of the meeting. */
export const ChatPanel = ({ model }: { model: RoomModel }) => (
  <Panel title="Chat" onClose={() => (model.panel.value = 'none')}>
    <MessageList model={model} />
    <Typing model={model} />
    <Composer room={model.room} />
  </Panel>
)

function Typing({ model }: { model: RoomModel }) {
  const { typing, peers } = model.state.value
  const names = peers.filter((peer) => typing.includes(peer.id)).map((peer) => peer.name)
  return (
    <p class="typing" aria-live="polite">
      {names.length > 0 && (
        <>
          <span class="typing__dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {listNames(names)} {names.length === 1 ? 'is' : 'are'} typing
        </>
      )}
    </p>
  )
}
