import { startCoturn, type RunningCoturn } from '@parley/kit/testing'
import { createHmac } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTurnClient, type Login, type TurnClient } from '../support/turn-client.ts'

/** A public address that the list leaves open: one of the DNS roots. Nothing is sent to it. */
const outside = { 4: '198.41.0.4', 6: '2a01:4f8::1' } as const
/** A machine may have no IPv6 at all, and coturn then none to relay from. */
const families: readonly (4 | 6)[] = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)
  ? [4, 6]
  : [4]
let turn: RunningCoturn
const clients: TurnClient[] = []

beforeAll(async () => {
  // As in production, but that it relays from the loopback of IPv6 as well, for not every machine has another.
  turn = await startCoturn({ lines: families.includes(6) ? ['relay-ip=::1'] : [] })
})
afterAll(async () => {
  for (const client of clients) client.close()
  await turn.stop()
})

const client = (): TurnClient => {
  const opened = openTurnClient(turn)
  clients.push(opened)
  return opened
}
/** The credentials that signaling gives to a participant. */
function login(person: string, { secret = turn.secret, seconds = 600 } = {}): Login {
  const username = `${Math.floor(Date.now() / 1_000) + seconds}:${person}`
  return { username, credential: createHmac('sha1', secret).update(username).digest('base64') }
}

describe('S35 TURN credentials', () => {
  it('R11 relays for a person with credentials that last', async () => {
    expect(await client().allocate(login('ada'))).toBe(200)
  })

  it('refuses expired and forged ones, and those of another secret', async () => {
    const good = login('ada')
    const longer = { ...good, username: good.username.replace(/^\d+/, (until) => String(Number(until) + 86_400)) }
    const refused = [
      login('ada', { seconds: -1 }),
      login('ada', { secret: 'another-secret-than-that' }),
      longer,
      { ...good, username: good.username.replace('ada', 'ben') },
      { ...good, credential: '' },
      { username: 'ada', credential: turn.secret },
    ]
    expect(await Promise.all(refused.map((one) => client().allocate(one)))).toEqual(refused.map(() => 401))
  })

  it('gives a person twelve relays and not a thirteenth, under any of their credentials', async () => {
    const codes: number[] = []
    for (let number = 1; number <= 13; number += 1)
      codes.push(await client().allocate(login('greedy', { seconds: 600 + number })))
    expect(codes).toEqual([...Array.from({ length: 12 }, () => 200), 486])
    expect(await client().allocate(login('modest'))).toBe(200)
  })
})

describe('S36 TURN does not lead to the inside', () => {
  /** First and last of each range, and something in it. */
  const inside = {
    4: [
      ['0.0.0.0', '0.255.255.255'],
      ['10.0.0.0', '10.0.0.1', '10.255.255.255'],
      ['100.64.0.0', '100.127.255.255'],
      ['127.0.0.0', '127.0.0.1', '127.0.0.2', '127.255.255.255'],
      ['169.254.0.0', '169.254.169.254', '169.254.255.255'],
      ['172.16.0.0', '172.17.0.1', '172.31.255.255'],
      ['192.0.0.0', '192.0.2.77', '192.168.0.0', '192.168.255.255'],
      ['198.18.0.0', '198.19.255.255', '203.0.113.1'],
      ['224.0.0.1', '239.255.255.255', '255.255.255.255'],
    ].flat(),
    6: [
      ['::', '::1', '::127.0.0.1', '::10.0.0.1'],
      ['::ffff:0.0.0.0', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:169.254.169.254', '::ffff:8.8.8.8'],
      ['::ffff:255.255.255.255', '::ffff:0:10.0.0.1', '64:ff9b::10.0.0.1', '64:ff9b:1::a00:1'],
      ['2002:a00:1::', '2001::1', '2001:db8::1', 'fc00::1', 'fd00::2', 'fdff::1', 'fe80::1', 'fec0::1', 'ff02::1'],
    ].flat(),
  } as const

  for (const family of families)
    it(`refuses every inner address to a relay of IPv${family}, for packets and for channels`, async () => {
      const relayed = client()
      expect(await relayed.allocate(login(`peer-${family}`), family)).toBe(200)
      // It could be that it refuses everything.
      expect(await relayed.reach(outside[family])).toEqual([200, 200])
      // Where this machine has no network, its own address is a loopback that is allowed.
      const refused = inside[family].filter((address) => address !== turn.host)
      const codes: string[] = []
      for (const address of refused) codes.push(`${address} ${(await relayed.reach(address)).join(' ')}`)
      expect(codes).toEqual(refused.map((address) => `${address} 403 403`))
    })

  it('refuses IPv6 to a relay of IPv4, mapped addresses too', async () => {
    const relayed = client()
    expect(await relayed.allocate(login('mapped'))).toBe(200)
    for (const address of ['::1', '::ffff:10.0.0.1', '::ffff:127.0.0.1', 'fd00::2'])
      for (const code of await relayed.reach(address)) expect([403, 443]).toContain(code)
  })

  it('relays to what a line of its own allows, and to nothing beside it', async () => {
    const relayed = client()
    expect(await relayed.allocate(login('allowed'))).toBe(200)
    expect(await relayed.reach(turn.host)).toEqual([200, 200])
  })
})
