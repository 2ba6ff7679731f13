import type { PendingMessage, Room, RoomState } from '@parley/client'
import type { Message } from '@parley/contracts'
import { CircleAlert, RotateCw } from 'lucide-preact'
import { explain } from '../../lib/explain.ts'
import { linkify } from '../../lib/linkify.ts'
import type { Run } from '../../lib/thread.ts'
import { formatTime } from '../../lib/time.ts'
import { attempt } from '../../ui/attempt.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { isOwn } from '../room/news.ts'

/** Messages of one person in a row. */
export function RunView({ run, state }: { run: Run; state: RoomState }) {
  const [first] = run.messages
  if (first === undefined) return null
  if (run.system)
    return (
      <p class="run--system" data-testid="chat-system">
        {first.text}
      </p>
    )
  const own = isOwn(first, state)
  return (
    <article class={`run${own ? ' run--own' : ''}`}>
      {!own && <Avatar id={run.senderId} name={run.name} size="small" />}
      <div class="run__body">
        <header class="run__head">
          <strong>{own ? 'You' : run.name}</strong> <time dateTime={run.sentAt}>{formatTime(run.sentAt)}</time>
        </header>
        {run.messages.map((message) => (
          <Bubble key={message.id} message={message} />
        ))}
      </div>
    </article>
  )
}

const Bubble = ({ message }: { message: Message }) => (
  <p
    class="bubble"
    data-testid="chat-message"
    data-state="sent"
    data-seq={message.seq}
    title={new Date(message.sentAt).toLocaleString()}
  >
    {message.deletedAt === undefined ? <Text text={message.text ?? ''} /> : <i class="muted">Message deleted</i>}
    {message.editedAt !== undefined && message.deletedAt === undefined && (
      <small class="bubble__edited"> (edited)</small>
    )}
  </p>
)

const Text = ({ text }: { text: string }) => (
  <>
    {linkify(text).map((piece, index) =>
      piece.kind === 'text' ? (
        piece.text
      ) : (
        <a key={index} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
          {piece.text}
        </a>
      ),
    )}
  </>
)

/** A message that is on its way, or that was refused and can be tried again. */
export function PendingBubble({ room, message }: { room: Room; message: PendingMessage }) {
  const failed = message.problem !== null
  return (
    <article class="run run--own">
      <div class="run__body">
        <p
          class={`bubble bubble--${failed ? 'failed' : 'pending'}`}
          data-testid="chat-message"
          data-state={failed ? 'failed' : 'pending'}
        >
          <Text text={message.text} />
        </p>
        {message.problem === null ? (
          <span class="run__state">Sending…</span>
        ) : (
          <span class="run__state run__state--failed">
            <CircleAlert size={14} aria-hidden="true" /> Not sent. {explain(message.problem).title}.
            <button
              class="link"
              type="button"
              data-testid="chat-retry"
              onClick={() => attempt(room.retryMessage(message.clientMessageId))}
            >
              <RotateCw size={12} aria-hidden="true" /> Try again
            </button>
          </span>
        )}
      </div>
    </article>
  )
}
