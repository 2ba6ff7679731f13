import type { Evidence } from '../fault.ts'
import { atMost, none, single, type Figure } from '../figures.ts'
import { failedSends, firstSends, unwantedDepartures } from '../findings.ts'

/** Within this what waited for rooms and chats has got there. */
export const deliveredMs = 20_000
const endsMs = 3_500
/** Shorter than a statement waits for a lock: nobody waits behind somebody who does. */
const unharmedMs = 800

export function figuresOf(evidence: Evidence): Figure[] {
  const { history, noted, at, cluster } = evidence
  const [from = 0] = at('locked')
  const [until = 0] = at('released')
  const count = (name: string): number => noted(name).length
  const isThere = (client: string): boolean => client.startsWith('r1c')
  const sends = history.requests.filter((one) => one.type === 'chat.send' && one.at >= from && one.at < until)
  const times = (some: typeof sends): number[] => some.map((one) => (one.end?.at ?? history.endedAt) - one.at)
  return [
    ...endFigures(evidence, 'locked rows'),
    atMost('requests for other rows meanwhile', noted('other rows: ms'), { most: unharmedMs, of: 'p99' }),
    none('of them refused', count('other rows: for now') + count('other rows: wrong')),
    atMost('sends to the chat whose counter is locked', times(sends.filter(({ client }) => isThere(client))), {
      most: endsMs,
    }),
    atMost('sends to other chats', times(sends.filter(({ client }) => !isThere(client))), {
      most: unharmedMs,
      of: 'p99',
    }),
    ...(cluster.disk === null
      ? [single('a disk to fill (needs the right to mount)', 0, { least: 1 })]
      : full(evidence)),
    none('requests that failed afterwards', count('afterwards: for now') + count('afterwards: wrong')),
    single('commands to rooms and notices delivered', noted('delivered')[0] ?? Infinity, { most: deliveredMs }, 'ms'),
    none('rows half written, titles that differ', noted('half written')[0] ?? Infinity),
    none('notices missing or told twice', noted('notices amiss')[0] ?? Infinity),
    none('sends that failed for good', failedSends(history)),
    none('seen to leave', unwantedDepartures(history)),
  ]
}

/** That the fault was felt, and how requests ended that felt it. */
function endFigures({ noted }: Evidence, group: string): Figure[] {
  return [
    atMost(`${group}: requests ended`, noted(`${group}: ms`), { most: endsMs }),
    single(`${group}: refused for now`, noted(`${group}: for now`).length, { least: 1 }),
    none(`${group}: answered otherwise than done or refused for now`, noted(`${group}: wrong`).length),
  ]
}

function full(evidence: Evidence): Figure[] {
  const { history, noted, at } = evidence
  const [space = 0] = at('space')
  return [
    ...endFigures(evidence, 'writes'),
    atMost('reads with a full disk', noted('reads: ms'), { most: unharmedMs, of: 'p99' }),
    none('of them refused', noted('reads: for now').length + noted('reads: wrong').length),
    ...endFigures(evidence, 'writes without a log'),
    single('PostgreSQL had to be started again', noted('started again')[0] ?? 0, {}),
    atMost('the first message of each room after there was space again', firstSends(history, space), { most: 5_000 }),
    single('what had waited was through', noted('caught up')[0] ?? Infinity, {}, 'ms'),
  ]
}
