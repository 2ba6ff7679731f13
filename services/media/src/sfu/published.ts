import type { ShownParticipant } from '@parley/contracts'
import type { PublishedStream } from '../janus/messages.ts'

type Kind = 'mic' | 'cam' | 'screen'

/**
 * The kind of a publisher's medium. By our convention its description says so, as far as that fits its type. Otherwise audio is the
 * microphone, and video the camera first and then the screen.
 */
function kindOf(stream: PublishedStream, all: readonly PublishedStream[]): Kind {
  const named = namedKind(stream)
  if (named !== null) return named
  if (stream.type === 'audio') return 'mic'
  const unnamed = all.filter((other) => other.type === 'video' && namedKind(other) === null)
  return unnamed.indexOf(stream) > 0 ? 'screen' : 'cam'
}

/** Whether the SFU may forward a medium: it is shown in the room. Data is never. */
export function mayForward(
  stream: PublishedStream,
  all: readonly PublishedStream[],
  participant: ShownParticipant,
): boolean {
  return stream.type !== 'data' && participant[kindOf(stream, all)]
}

/** A muted participant cannot send their voice as a camera, nor their picture as a microphone. */
function namedKind({ type, description }: PublishedStream): Kind | null {
  if (description === 'screen') return 'screen'
  if (description === 'mic' && type === 'audio') return 'mic'
  return description === 'cam' && type === 'video' ? 'cam' : null
}
