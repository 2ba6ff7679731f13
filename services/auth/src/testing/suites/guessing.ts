import { expect, test } from 'vitest'
import type { TestAuth } from '../harness.ts'
import { freshEmail, password, signUp } from '../people.ts'

/** The knowledge that a guesser of passwords gains: S18, S19. */
export function guessingSuite(auth: () => TestAuth): void {
  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })
  const login = (email: string, secret: string, at?: string) =>
    auth().call('POST', '/v1/auth/login', {
      body: { email, password: secret },
      ...(at === undefined ? {} : from(at)),
    })
  const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Infinity

  /** Runs both in turn; gives the different answers of each and the median of their times, in ms. */
  async function compare(rounds: number, ask: Record<'known' | 'unknown', (round: number) => Promise<string>>) {
    const took: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] }
    const said = { known: new Set<string>(), unknown: new Set<string>() }
    for (let round = 0; round < rounds; round += 1) {
      for (const kind of ['known', 'unknown'] as const) {
        const since = performance.now()
        said[kind].add(await ask[kind](round))
        took[kind].push(performance.now() - since)
      }
    }
    return { said, known: median(took.known), unknown: median(took.unknown) }
  }
  /** The machine is shared: what is asserted is that nothing is left out, which would be a multiple, and it is printed. */
  function alike(what: string, { known, unknown }: { known: number; unknown: number }): void {
    process.stdout.write(`${what}: known ${known.toFixed(1)} ms, unknown ${unknown.toFixed(1)} ms\n`)
    expect(Math.max(known, unknown) / Math.min(known, unknown)).toBeLessThan(2)
  }
  const shown = ({ status, text, headers }: { status: number; text: string; headers: Headers }) =>
    `${status} ${text.replace(/"requestId":"[^"]*"/, '')} ${headers.get('retry-after')}`

  test('S19 ten wrong passwords in half an hour from one address for one account, and no more are looked at', async () => {
    const [victim, colleague] = [await signUp(auth()), await signUp(auth())]
    const office = '198.51.100.20'
    const tries = await Promise.all(Array.from({ length: 30 }, (_, n) => login(victim.email, `guess ${n}`, office)))
    const count = (code: string) => tries.filter((reply) => reply.problem().code === code).length
    expect([count('invalid-credentials'), count('rate-limited')]).toEqual([10, 20])
    const refused = tries.find(({ status }) => status === 429)
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(60)
    // Not even the right one, in whatever case the address is written.
    expect((await login(victim.email.toUpperCase(), password, office)).status).toBe(429)
    // Others behind the same address, and the owner from elsewhere, are not kept out.
    expect((await login(colleague.email, password, office)).status).toBe(200)
    expect((await login(victim.email, password, '198.51.100.21')).status).toBe(200)
  })

  test('S19 right passwords cost nothing; an address that is unknown is limited alike', async () => {
    const { email } = await signUp(auth())
    const home = '198.51.100.22'
    for (let n = 0; n < 15; n += 1) expect((await login(email, password, home)).status).toBe(200)
    const nobody = freshEmail()
    const statuses: number[] = []
    for (let n = 0; n < 12; n += 1) statuses.push((await login(nobody, password, home)).status)
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429])
  })

  test('S6 S19 all of an IPv6 network of one subscriber is one address', async () => {
    const { email } = await signUp(auth())
    const statuses: number[] = []
    for (let n = 1; n <= 12; n += 1) statuses.push((await login(email, 'wrong one', `2001:db8:5:6::${n}`)).status)
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429])
    expect((await login(email, password, '2001:db8:5:7::1')).status).toBe(200)
  })

  test('S18 500 logins with a wrong password: known and unknown get the same answer in the same time', async () => {
    const known = await Promise.all(Array.from({ length: 50 }, async () => (await signUp(auth())).email))
    const { said, ...took } = await compare(250, {
      known: async (round) => shown(await login(known[round % known.length] ?? '', 'wrong password')),
      unknown: async () => shown(await login(freshEmail(), 'wrong password')),
    })
    expect(said.known.size).toBe(1)
    expect(said.known).toEqual(said.unknown)
    alike('login', took)
  }, 60_000)

  test('S18 registering takes as long for an address that is taken as for one that is not', async () => {
    const { email } = await signUp(auth())
    const register = (address: string) =>
      auth().call('POST', '/v1/auth/register', { body: { email: address, password, name: 'Ada' } })
    const { said, ...took } = await compare(60, {
      known: async () => String((await register(email)).status),
      unknown: async () => String((await register(freshEmail())).status),
    })
    // That it is taken is said (A1): the new account is signed in at once. How often one may ask is limited.
    expect([...said.known, ...said.unknown]).toEqual(['409', '201'])
    alike('register', took)
  }, 60_000)
}
