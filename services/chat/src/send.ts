import type { Message } from '@parley/contracts'
import { ProblemError } from '@parley/kit'
import { keyOf, type MessageDraft } from './message.ts'

export interface Sent {
  message: Message
  /** False when it was there before: sent again. */
  created: boolean
}

/** One call that waits for its message to be stored; settles once, at its deadline at the latest. */
export interface Send {
  draft: MessageDraft
  key: string
  settled: boolean
  resolve(sent: Sent): void
  reject(error: Error): void
}

/** Makes a send that rejects with `unavailable` after `timeoutMs`, and the promise of its outcome. */
export function createSend(draft: MessageDraft, timeoutMs: number): { send: Send; outcome: Promise<Sent> } {
  const { promise, resolve, reject } = Promise.withResolvers<Sent>()
  const timer = setTimeout(() => send.reject(slow()), Math.max(0, timeoutMs))
  const settle = (how: () => void): void => {
    if (send.settled) return
    send.settled = true
    clearTimeout(timer)
    how()
  }
  const send: Send = {
    draft,
    key: keyOf(draft),
    settled: false,
    resolve: (sent) => settle(() => resolve(sent)),
    reject: (error) => settle(() => reject(error)),
  }
  return { send, outcome: promise }
}

/** It may be stored nevertheless; sending it again with the same id finds it. */
const slow = (): ProblemError =>
  new ProblemError(
    'unavailable',
    'The message could not be confirmed in time; send it again with the same clientMessageId',
  )
