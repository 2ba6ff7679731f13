import { anEmail, password, rest } from '../../support/people.ts'
import type { Scene } from '../fault.ts'
import type { Ask } from '../workload/asking.ts'
import type { Meeting } from '../workload/crowd.ts'

/** The requests of T11: of locked rows, of others in the same tables, and everything that writes or reads. */
export interface Asks {
  /** Of the account that is locked. */
  email: string
  locked: readonly Ask[]
  others: readonly Ask[]
  writes: readonly Ask[]
  reads: readonly Ask[]
}

type Part = Pick<Ask, 'group' | 'askers'>

const locked: Part = { group: 'locked rows', askers: 10 }
const other: Part = { group: 'other rows', askers: 1 }
const write: Part = { group: 'writes', askers: 1 }
const read: Part = { group: 'reads', askers: 1 }

/** In the first room the meeting's row is locked, in the second the counter of its chat. In the third nothing is. */
export async function asksOf({ crowd, doors }: Scene): Promise<Asks> {
  const [first, second, third] = crowd.meetings
  if (first === undefined || second === undefined || third === undefined) throw new Error('T11 needs three rooms')
  const url = doors[0]?.url ?? ''
  const [owner, somebody] = await Promise.all([makeAccount(url), makeAccount(url)])
  const host = await crowd.host.accessToken()
  const [inSecond, inThird] = await Promise.all([second, third].map(tokenIn))
  const everybody = await Promise.all(first.attendees.slice(0, locked.askers).map(({ parley }) => parley.accessToken()))
  const thirdRoom = (part: Part): Ask[] => [
    rename(part, third, host),
    join(part, third, inThird ?? ''),
    send(part, third, inThird ?? ''),
    ...ofAccount(part, somebody),
  ]
  return {
    email: owner.email,
    locked: [
      rename(locked, first, host),
      ...everybody.map((token) => join({ ...locked, askers: 1 }, first, token)),
      send(locked, second, inSecond ?? ''),
      ...ofAccount(locked, owner),
    ],
    others: [...thirdRoom(other), guest(other), ...readsOf(other, third, inThird ?? '')],
    writes: [...thirdRoom(write), guest(write), create(write, host)],
    reads: readsOf(read, third, inThird ?? ''),
  }
}

/** The rows that a change by hand would lock: the rows themselves, against everything. */
export const rowsToLock = ({ crowd: { meetings } }: Scene, { email }: Asks): string[] => [
  `select id from meetings.meetings where id = '${meetings[0]?.id}' for update`,
  `select last_seq from chat.counters where meeting_id = '${meetings[1]?.id}' for update`,
  `select id from auth.users where email = '${email}' for update`,
]

interface Account {
  email: string
  token: string
}

async function makeAccount(url: string): Promise<Account> {
  const email = anEmail()
  const body = { email, password, name: 'Somebody', tokenDelivery: 'body' }
  const answer = await rest('POST', `${url}/v1/auth/register`, { body })
  const token = answer.body['accessToken']
  if (typeof token !== 'string') throw new Error(`no account: ${answer.status} ${JSON.stringify(answer.body)}`)
  return { email, token }
}

const tokenIn = async ({ attendees: [somebody] }: Meeting): Promise<string> =>
  (await somebody?.parley.accessToken()) ?? ''

const rename = (part: Part, { id }: Meeting, token: string): Ask => ({
  ...part,
  what: 'rename',
  method: 'PATCH',
  path: `/v1/meetings/${id}`,
  token,
  // Another title each time: each is to be told once.
  body: () => ({ title: crypto.randomUUID() }),
})

const join = (part: Part, { code }: Meeting, token: string): Ask => ({
  ...part,
  what: 'join',
  method: 'POST',
  path: '/v1/meetings/join',
  token,
  body: () => ({ code }),
})

const send = (part: Part, { id }: Meeting, token: string): Ask => ({
  ...part,
  what: 'send',
  method: 'POST',
  path: `/v1/meetings/${id}/messages`,
  token,
  body: () => ({ clientMessageId: crypto.randomUUID(), text: `over REST ${crypto.randomUUID()}` }),
})

const ofAccount = (part: Part, { email, token }: Account): Ask[] => [
  {
    ...part,
    what: 'sign in',
    method: 'POST',
    path: '/v1/auth/login',
    body: () => ({ email, password, tokenDelivery: 'body' }),
  },
  { ...part, what: 'new name', method: 'PATCH', path: '/v1/me', token, body: (n) => ({ name: `Name ${n}` }) },
]

const guest = (part: Part): Ask => ({
  ...part,
  what: 'guest',
  method: 'POST',
  path: '/v1/auth/guest',
  body: (n) => ({ name: `Guest ${n}`, tokenDelivery: 'body' }),
})

const create = (part: Part, token: string): Ask => ({
  ...part,
  what: 'create',
  method: 'POST',
  path: '/v1/meetings',
  token,
  pauseMs: 600,
  body: (n) => ({ title: `Meeting ${n}` }),
})

const readsOf = (part: Part, { id }: Meeting, token: string): Ask[] =>
  ['', '/messages?limit=10'].map((rest) => ({
    ...part,
    what: `read${rest}`,
    method: 'GET',
    path: `/v1/meetings/${id}${rest}`,
    token,
  }))
