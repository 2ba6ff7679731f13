import type { Evidence, Scene } from './fault.ts'
import { atMost, type Figure } from './figures.ts'

const everyMs = 500
const answerMs = 10_000
const mostWaiting = 10_000
const longest = 'longest queue'

/** Notes how long the queues of every process are, again and again, until it is ended. */
export function watchQueues({ cluster, note, wait }: Scene): { end(): Promise<void> } {
  let ended = false
  const watch = async (): Promise<void> => {
    while (!ended) {
      const all = await Promise.all(cluster.replicas().map(({ url }) => lengthsOf(url)))
      for (const length of all.flat()) note(longest, length)
      await wait(everyMs)
    }
  }
  const watching = watch()
  return {
    async end() {
      ended = true
      await watching
    },
  }
}

/** Of a process that does not answer nobody knows: endless. */
const lengthsOf = (url: string): Promise<number[]> =>
  fetch(`${url}/metrics`, { signal: AbortSignal.timeout(answerMs) }).then(
    async (answer) => queueLengthsIn(await answer.text()),
    () => [Infinity],
  )

/** The length of every queue in a process's metrics. */
export const queueLengthsIn = (metrics: string): number[] =>
  [...metrics.matchAll(/^parley_queue_length\{[^}]*\} (\S+)$/gm)].map(([, length]) => Number(length))

/** No queue of any process was longer than any queue may be. */
export const queueFigure = ({ noted }: Evidence): Figure =>
  atMost('longest queue in any process meanwhile', noted(longest), { most: mostWaiting, unit: 'waiting' })
