import type { Verdict } from './check.ts'
import type { History } from './history.ts'

/** H6: within this every request is answered or refused, or its socket is closed. */
const answerWithinMs = 10_000

/** H6. Left out are requests too late in the run to be judged, and those of a client without any network. */
export function checkAnswered({ requests, cutOffs, endedAt }: History): Verdict {
  const breaches: string[] = []
  let looked = 0
  for (const { client, type, at, end } of requests) {
    const until = end?.at ?? endedAt
    const took = until - at
    if (end === null && took <= answerWithinMs) continue
    if (cutOffs.some((one) => one.client === client && one.from <= until && at <= one.until)) continue
    looked += 1
    if (took > answerWithinMs)
      breaches.push(`${type} of ${client} was ${end?.how ?? 'open'} after ${(took / 1000).toFixed(1)} s`)
  }
  return { id: 'H6', promise: 'every request answered, refused or closed within 10 s', looked, breaches }
}

/** `rtc.signal`: from one to another in the order sent, at most once. */
export function checkSignals({ signals }: History): Verdict {
  const breaches: string[] = []
  for (const [pair, some] of Map.groupBy(signals, ({ from, to }) => `${from} to ${to}`))
    for (const [index, { n }] of some.entries()) {
      const before = some[index - 1]?.n ?? 0
      if (n === before) breaches.push(`signal ${n} from ${pair} came twice`)
      else if (n < before) breaches.push(`signal ${n} from ${pair} came after ${before}`)
    }
  return { id: 'S', promise: 'signals arrive in order, at most once', looked: signals.length, breaches }
}
