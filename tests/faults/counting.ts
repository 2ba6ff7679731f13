import { connectRedisKv, createLogger, type Kv } from '@parley/kit'
import { rest } from '../support/people.ts'
import type { Evidence, Scene } from './fault.ts'
import { none, single, type Figure } from './figures.ts'
import type { Crowd } from './workload/crowd.ts'

/** The counts of one look-up of a code, each by caller; in windows of a minute. */
const counters = ['op:resolveCode', 'code:principal'] as const
const windowSeconds = 60
/** More than anybody asks: whoever reads a counter with it is never refused. */
const endless = 1_000_000
const mostAskers = 10
const frozenMs = 2_000
/** Until processes count in Redis again. */
const afterwardsMs = 3_000

interface Asker {
  token: string
  userId: string
  code: string
}

/**
 * Looks up codes before, while and after Redis stands still for a moment. Notes how many requests that were, and how many Redis has counted. There must be few of them: only when nearly all reach Redis does the sum show that one counted twice.
 */
export async function countAcrossStandstill(scene: Scene): Promise<void> {
  const { cluster, crowd, doors, wait } = scene
  const askers = await askersOf(crowd)
  const before = await countsOf(scene, askers)
  const url = `${doors[0]?.url}/v1/meetings/resolve-code`
  const ask = (each: number) => {
    const all = askers.flatMap((asker) => Array.from({ length: each }, () => asker))
    return Promise.all(all.map(({ token, code }) => rest('POST', url, { token, body: { code } })))
  }
  await ask(1)
  const { pid } = cluster.server('redis')
  await cluster.freeze(pid)
  await ask(3)
  await wait(frozenMs)
  cluster.thaw(pid)
  await wait(afterwardsMs)
  await ask(1)
  noteCounts(scene, { sent: 5, before, after: await countsOf(scene, askers) })
}

function noteCounts({ note }: Scene, { sent, before, after }: { sent: number; before: number[][]; after: number[][] }) {
  for (const [index, now] of after.entries())
    for (const [counter, count] of now.entries()) {
      const counted = count - (before[index]?.[counter] ?? 0)
      note('counted requests', sent)
      note('counted', counted)
      note('counted twice', Math.max(0, counted - sent))
    }
}

/** Nobody's request was counted twice, though it may have been carried out after it was given up. */
export function countingFigures({ noted }: Evidence): Figure[] {
  const sum = (name: string): number => noted(name).reduce((total, one) => total + one, 0)
  const sent = sum('counted requests')
  return [
    single(`counted in Redis (of ${sent}, the others in a process meanwhile)`, sum('counted'), { least: sent / 4 }),
    none('requests counted more than once', sum('counted twice')),
  ]
}

async function askersOf({ meetings }: Crowd): Promise<Asker[]> {
  const some = meetings.flatMap(({ code, attendees }) => attendees.map((attendee) => ({ code, attendee })))
  return Promise.all(
    some.slice(0, mostAskers).map(async ({ code, attendee }) => {
      const token = await attendee.parley.accessToken()
      return { token, userId: subjectOf(token), code }
    }),
  )
}

/** For each asker the value of each counter in Redis. */
async function countsOf({ cluster }: Scene, askers: readonly Asker[]): Promise<number[][]> {
  const kv = await connectRedisKv({
    url: cluster.server('redis').url,
    log: createLogger({ service: 'faults', level: 'fatal' }),
  })
  try {
    return await Promise.all(askers.map(({ userId }) => Promise.all(counters.map((name) => countOf(kv, name, userId)))))
  } finally {
    await kv.close()
  }
}

async function countOf(kv: Kv, name: string, key: string): Promise<number> {
  const { remaining } = await kv.limiter({ name, points: endless, seconds: windowSeconds }).take(key, 0)
  return endless - remaining
}

/** Whom a token names. */
function subjectOf(token: string): string {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub: string }
  return claims.sub
}
