import { isProblem, type Metrics } from '@parley/kit'
import type { Sent } from './send.ts'

export interface ChatMetrics {
  /** Counts a send by its outcome, and its time; passes it through. */
  send(sent: Promise<Sent>): Promise<Sent>
  batch(messages: number, ms: number): void
}

const batchSizes = [1, 2, 5, 10, 20, 50, 100, 200]

export function createChatMetrics(metrics: Metrics): ChatMetrics {
  const sends = metrics.counter(
    'parley_chat_sends_total',
    'Messages sent, by outcome: created, repeated, or the code of the problem',
    ['outcome'],
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
    async send(sent) {
      const startedAt = performance.now()
      let outcome = 'internal'
      try {
        const result = await sent
        outcome = result.created ? 'created' : 'repeated'
        return result
      } catch (error) {
        if (isProblem(error)) outcome = error.code
        throw error
      } finally {
        sends.inc({ outcome })
        sendSeconds.observe({}, (performance.now() - startedAt) / 1000)
      }
    },
    batch(messages, ms) {
      batchMessages.observe({}, messages)
      batchSeconds.observe({}, ms / 1000)
    },
  }
}
