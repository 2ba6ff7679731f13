import { isProblem, type Metrics } from '@parley/kit'
import type { Sent } from './send.ts'

export interface ChatMetrics {
  /** Counts a send by its outcome, and its time; passes it through. */
  send(send: () => Promise<Sent>): Promise<Sent>
  /** Counts an edit or deletion by its outcome; passes it through. */
  change<T>(kind: 'edit' | 'delete', change: () => Promise<T>): Promise<T>
  batch(messages: number, ms: number): void
}

const batchSizes = [1, 2, 5, 10, 20, 50, 100, 200]

export function createChatMetrics(metrics: Metrics): ChatMetrics {
  const sends = metrics.counter(
    'parley_chat_sends_total',
    'Messages sent, by outcome: created, repeated, or the code of the problem',
    ['outcome'],
  )
  const changes = metrics.counter(
    'parley_chat_changes_total',
    'Edits and deletions, by outcome: done, or the code of the problem',
    ['kind', 'outcome'],
  )
  const sendSeconds = metrics.histogram('parley_chat_send_seconds', 'Time from the arrival of a message to its answer')
  const batchMessages = metrics.histogram(
    'parley_chat_batch_messages',
    'Messages stored by one statement',
    [],
    batchSizes,
  )
  const batchSeconds = metrics.histogram('parley_chat_batch_seconds', 'Time to store a batch')
  return {
    async send(send) {
      const startedAt = performance.now()
      const count = (outcome: string) => {
        sends.inc({ outcome })
        sendSeconds.observe({}, (performance.now() - startedAt) / 1000)
      }
      return counted(send, count, ({ created }) => (created ? 'created' : 'repeated'))
    },
    change: (kind, change) =>
      counted(
        change,
        (outcome) => changes.inc({ kind, outcome }),
        () => 'done',
      ),
    batch(messages, ms) {
      batchMessages.observe({}, messages)
      batchSeconds.observe({}, ms / 1000)
    },
  }
}

async function counted<T>(
  work: () => Promise<T>,
  count: (outcome: string) => void,
  outcomeOf: (result: T) => string,
): Promise<T> {
  try {
    const result = await work()
    count(outcomeOf(result))
    return result
  } catch (error) {
    count(isProblem(error) ? error.code : 'internal')
    throw error
  }
}
