import type { PendingMessage, Room } from '@parley/client'
import { CircleAlert, Hourglass, RotateCw } from 'lucide-preact'
import { explain } from '../../lib/explain.ts'
import type { Run } from '../../lib/thread.ts'
import { formatTime } from '../../lib/time.ts'
import { attempt } from '../../ui/attempt.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { isOwn } from '../room/news.ts'
import type { RoomModel } from '../room/room-model.ts'
import { Bubble, Text } from './bubble.tsx'
import { Name } from '../../ui/name.tsx'

/** Messages of one person in a row. */
export function RunView({ run, model }: { run: Run; model: RoomModel }) {
  const [first] = run.messages
  if (first === undefined) return null
  if (run.system)
    return (
      <p class="run--system" data-testid="chat-system" title={new Date(first.sentAt).toLocaleString()}>
        {first.text} <time dateTime={first.sentAt}>{formatTime(first.sentAt)}</time>
      </p>
    )
  const own = isOwn(first, model.state.value)
  const photo = model.people.value.find(({ userId }) => userId === run.senderId)?.avatarFileId
  return (
    <article class={`run${own ? ' run--own' : ''}`}>
      {!own && <Avatar id={run.senderId} name={run.name} photo={photo} size="small" />}
      <div class="run__body">
        <header class="run__head">
          <strong>{own ? 'You' : <Name of={run.name} guest={run.guest} />}</strong>{' '}
          <time dateTime={run.sentAt}>{formatTime(run.sentAt)}</time>
        </header>
        {run.messages.map((message) => (
          <Bubble key={message.id} model={model} message={message} />
        ))}
      </div>
    </article>
  )
}

interface PendingProps {
  room: Room
  message: PendingMessage
  /** Among those that wait. */
  place: { first: boolean; last: boolean }
}

/** A message that is on its way, or that was refused and can be tried again. */
export function PendingBubble({ room, message, place }: PendingProps) {
  const failed = message.problem !== null
  return (
    <article class={`run run--own${place.first ? '' : ' run--joined'}`}>
      <div class="run__body">
        <p
          class={`bubble bubble--${failed ? 'failed' : 'pending'}`}
          data-testid="chat-message"
          data-state={failed ? 'failed' : 'pending'}
        >
          {message.file !== null && <strong>{message.file.name}</strong>} <Text text={message.text} />
        </p>
        {message.problem === null ? (
          <PendingState slow={message.delayed?.code === 'rate-limited'} last={place.last} />
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

/** Of several that wait the last tells for all. */
const PendingState = ({ slow, last }: { slow: boolean; last: boolean }) =>
  slow ? (
    <span class="run__state run__state--slow" role="status" data-testid="chat-slow-down">
      <Hourglass size={14} aria-hidden="true" /> Sending too fast, retrying
    </span>
  ) : (
    last && <span class="run__state">Sending…</span>
  )
