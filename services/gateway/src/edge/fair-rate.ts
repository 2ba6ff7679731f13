import { monitorEventLoopDelay } from 'node:perf_hooks'
import { limitKey, ProblemError, type Metrics } from '@parley/kit'
import type { GatewayConfig } from '../config.ts'

/**
 * While the product is slow and several addresses ask a lot, each address may ask only so often. The rate falls until the product keeps
 * up. Those who ask less often notice nothing. A few eager addresses never slow the product down for others: the limits of the services
 * see to that. So nobody is refused for them here, and a class behind one address is as fast as the machine.
 */
export interface FairRate {
  /** Counts a request or a handshake. Throws `rate-limited`, with how long to wait. */
  takeOrThrow(address: string): void
  /** A service began its answer after so many ms. */
  answered(ms: number): void
  /** Ends the interval that has passed. Done by a timer, and by tests. */
  evaluate(signs: { lagMs: number; seconds: number }): void
  stop(): void
}

interface Asker {
  /** How many requests it may make now. */
  tokens: number
  at: number
  /** How many it made in this interval. */
  asked: number
}

const evaluatedEveryMs = 100
/** Requests a second. Nobody is held to less; above the upper one nobody is held to anything. */
const rates = { least: 5, most: 200 } as const
/** The burst of an address fills up again at this rate while nobody is held back. */
const usualRate = 10
/** An address that was quiet may open the page a few times at once, and join. */
const burst = 30
/** Slow: the event loop is so late, or the quickest quarter of the answers took so long. */
const slow = { lagMs: 15, answerMs: 200, answers: 8 } as const
/** So many addresses have used up half of their burst: fewer are no attack that the limits of the services do not hold. */
const several = 5
/** A shorter while is no overload. */
const slowIntervals = 3
/** Falls to this part with each slow interval; grows by this with each other one, and faster once the eager ones are gone. */
const falls = 0.6
const grows = 1.005
const recovers = 1.1
/** After nobody was refused for so long, there is no limit. An address that was quiet for so long is forgotten. */
const quietMs = 10_000
const mostAskers = 50_000
const mostAnswers = 1_000

/** `now`: the monotonic clock, ms. */
export function createFairRate(
  { RATE_LIMITS: on }: Pick<GatewayConfig, 'RATE_LIMITS'>,
  { now, metrics }: { now: () => number; metrics?: Pick<Metrics, 'counter' | 'reading'> },
): FairRate {
  const refusals = metrics?.counter(
    'parley_gateway_shed_total',
    'Requests refused since their address asked most of a slow product',
  )
  metrics?.reading(
    'parley_gateway_fair_rate',
    'Requests a second that an address may make while the product is slow',
    () => rate,
  )
  const askers = new Map<string, Asker>()
  let answers: number[] = []
  let rate: number = rates.most
  let slowFor = 0
  let refusedAt = -Infinity

  function askerOf(key: string): Asker {
    const time = now()
    const asker = askers.get(key) ?? { tokens: burst, at: time, asked: 0 }
    // Those who asked last are at the end.
    askers.delete(key)
    askers.set(key, asker)
    const [oldest] = askers.keys()
    if (askers.size > mostAskers && oldest !== undefined) askers.delete(oldest)
    asker.tokens = tokensOf(asker, time)
    asker.at = time
    return asker
  }

  function tokensOf({ tokens, at }: Asker, time: number): number {
    const refill = rate < rates.most ? rate : usualRate
    return Math.min(burst, tokens + ((time - at) / 1000) * refill)
  }

  function evaluate({ lagMs, seconds }: { lagMs: number; seconds: number }): void {
    const quickest = answers.sort((a, b) => a - b)[Math.floor(answers.length / 4)] ?? 0
    const isSlow = lagMs > slow.lagMs || (answers.length >= slow.answers && quickest > slow.answerMs)
    slowFor = isSlow ? slowFor + 1 : 0
    const time = now()
    let eager = 0
    let mostAsked = 0
    for (const [key, asker] of askers) {
      if (tokensOf(asker, time) < burst / 2) eager += 1
      mostAsked = Math.max(mostAsked, asker.asked)
      asker.asked = 0
      if (time - asker.at > quietMs) askers.delete(key)
    }
    if (slowFor >= slowIntervals && eager >= several)
      rate = Math.max(rates.least, Math.min(rate, mostAsked / seconds) * falls)
    else if (time - refusedAt > quietMs) rate = rates.most
    else if (eager < several) rate = Math.min(rates.most, rate * recovers)
    else if (!isSlow) rate = Math.min(rates.most, rate * grows)
    answers = []
  }

  const stop = on === 'on' ? evaluateRepeatedly(evaluate) : () => {}
  return {
    takeOrThrow(address) {
      if (on !== 'on') return
      const asker = askerOf(limitKey(address))
      asker.asked += 1
      if (rate >= rates.most || asker.tokens >= 1) {
        asker.tokens = Math.max(0, asker.tokens - 1)
        return
      }
      refusedAt = now()
      refusals?.inc()
      const detail = 'The server is busy, and your address asks more than others'
      throw new ProblemError('rate-limited', detail, { retryAfterMs: Math.ceil(((1 - asker.tokens) * 1000) / rate) })
    },
    answered(ms) {
      if (answers.length < mostAnswers) answers.push(ms)
    },
    evaluate,
    stop,
  }
}

function evaluateRepeatedly(evaluate: FairRate['evaluate']): () => void {
  const resolution = 10
  const delay = monitorEventLoopDelay({ resolution })
  delay.enable()
  let since = performance.now()
  const timer = setInterval(() => {
    const seconds = (performance.now() - since) / 1000
    since = performance.now()
    evaluate({ lagMs: Math.max(0, delay.mean / 1e6 - resolution), seconds })
    delay.reset()
  }, evaluatedEveryMs).unref()
  return () => {
    clearInterval(timer)
    delay.disable()
  }
}
