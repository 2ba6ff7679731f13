import { ArrowDown, MessagesSquare } from 'lucide-preact'
import { threadOf } from '../../lib/thread.ts'
import { Button } from '../../ui/button.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import type { RoomModel } from '../room/room-model.ts'
import { PendingBubble, RunView } from './message-run.tsx'
import { useOlder } from './use-older.ts'
import { useScroll } from './use-scroll.ts'

/** All messages, the newest at the bottom; older ones come when one scrolls up. */
export function MessageList({ model }: { model: RoomModel }) {
  const { messages, pending, hasOlderMessages } = model.state.value
  const scroll = useScroll(messages, pending)
  const older = useOlder(model.room)
  const onScroll = () => {
    if (scroll.onScroll().nearTop && hasOlderMessages) older.load()
  }
  return (
    <div class="chat">
      <div
        class="chat__scroll"
        ref={scroll.ref}
        onScroll={onScroll}
        tabIndex={0}
        role="log"
        aria-label="Messages"
        aria-live="polite"
      >
        {hasOlderMessages && (
          <div class="chat__older">
            {older.loading ? (
              <Spinner label="Loading older messages" />
            ) : (
              <Button kind="quiet" onClick={older.load}>
                Older messages
              </Button>
            )}
          </div>
        )}
        {messages.length + pending.length === 0 && <Empty />}
        {threadOf(messages).map((run) => (
          <RunView key={run.key} run={run} model={model} />
        ))}
        {pending.map((message, index) => (
          <PendingBubble
            key={message.clientMessageId}
            room={model.room}
            message={message}
            place={{ first: index === 0, last: index === pending.length - 1 }}
          />
        ))}
      </div>
      {scroll.hasNew && (
        <button class="chat__new" type="button" onClick={scroll.toEnd}>
          <ArrowDown size={16} aria-hidden="true" /> New messages
        </button>
      )}
    </div>
  )
}

const Empty = () => (
  <div class="empty empty--chat">
    <MessagesSquare size={32} aria-hidden="true" />
    <strong>No messages yet</strong>
    <p class="muted">Everybody in the meeting sees what you write here, also people who join later.</p>
  </div>
)
