import { listNames } from '../../lib/people.ts'
import { Panel } from '../room/panel.tsx'
import type { RoomModel } from '../room/room-model.ts'
import { DropZone } from '../files/drop-zone.tsx'
import { UploadList } from '../files/upload-list.tsx'
import { Composer } from './composer.tsx'
import { MessageList } from './message-list.tsx'

/** The chat of the meeting. */
export function ChatPanel({ model }: { model: RoomModel }) {
  const { meeting, self } = model.state.value
  const mayWrite = meeting.settings.chat || self.role === 'host'
  return (
    <Panel title="Chat" onClose={() => (model.panel.value = 'none')}>
      <DropZone onFiles={mayWrite ? model.uploads.add : null}>
        <MessageList model={model} />
        <Typing model={model} />
        <UploadList uploads={model.uploads} />
        {mayWrite ? (
          <Composer room={model.room} draft={model.draft} onFiles={model.uploads.add} />
        ) : (
          <p class="chat__off muted" data-testid="chat-off">
            The host has turned chat off.
          </p>
        )}
      </DropZone>
    </Panel>
  )
}

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
