import { setTimeout as sleep } from 'node:timers/promises'
import type { Person } from './honest.ts'
import { call } from './wire.ts'

const pupils = 200
const withinMs = 60_000
const guessesLet = 10

/**
 * A class behind one address joins a meeting with a passcode, a third of it after a slip. Somebody at the same address guesses.
 * Whether all are in within a minute, and the guesser had ten different guesses at most.
 */
export async function schoolClass(
  gateways: readonly string[],
  host: Person,
  say: (text: string) => void,
): Promise<boolean> {
  const [gateway = ''] = gateways
  const from = '10.30.0.1'
  const body = { type: 'public', title: 'Class', passcode: 'right' }
  const { code } = (await call(gateway, host.from, ['POST', '/v1/meetings'], { token: host.token, body })).body
  const since = performance.now()
  const over = (): boolean => performance.now() - since > withinMs
  /** A busy machine says when to come again: so they do. */
  async function patiently(ask: () => ReturnType<typeof call>): Promise<number> {
    for (;;) {
      const { status, body: said } = await ask()
      if (status !== 503 && !(status === 429 && Number(said['retryAfterMs']) < 10_000)) return status
      if (over()) return status
      await sleep(Math.max(200, Number(said['retryAfterMs'] ?? 500)))
    }
  }
  async function guest(n: number): Promise<string> {
    let token = ''
    await patiently(async () => {
      const made = await call(gateway, from, ['POST', '/v1/auth/guest'], {
        body: { name: `Pupil ${n}`, tokenDelivery: 'body' },
      })
      token = String(made.body['accessToken'])
      return made
    })
    return token
  }
  const join = (token: string, passcode: string): Promise<number> =>
    patiently(() => call(gateway, from, ['POST', '/v1/meetings/join'], { token, body: { code, passcode } }))
  const guesser = (async () => {
    const token = await guest(-1)
    const outcomes: number[] = []
    for (let n = 0; n < 40; n += 1) outcomes.push(await join(token, `guess ${n}`))
    return outcomes.filter((status) => status === 403).length
  })()
  const outcomes = await Promise.all(
    Array.from({ length: pupils }, async (_, n) => {
      const token = await guest(n)
      if (n % 3 === 0) await join(token, `slip ${n}`)
      return join(token, 'right')
    }),
  )
  const took = Math.round(performance.now() - since)
  const [inside, guessed] = [outcomes.filter((status) => status === 200).length, await guesser]
  say(`a class of ${pupils} behind one address: ${inside} in after ${took} ms; a guesser there had ${guessed} guesses`)
  const anew = await guesserAnew(gateway, host)
  say(`a guesser who is another guest for each guess, alone at an address: ${anew} of 40 guesses were looked at`)
  return inside === pupils && took <= withinMs && guessed <= guessesLet && anew <= guessesLet
}

/** How many guesses somebody has who makes a guest for each of them. */
async function guesserAnew(gateway: string, host: Person): Promise<number> {
  const from = '10.30.0.2'
  const body = { type: 'public', title: 'Alone', passcode: 'right' }
  const { code } = (await call(gateway, host.from, ['POST', '/v1/meetings'], { token: host.token, body })).body
  let looked = 0
  for (let n = 0; n < 40; n += 1) {
    const made = await call(gateway, from, ['POST', '/v1/auth/guest'], { body: { name: 'Eve', tokenDelivery: 'body' } })
    const token = String(made.body['accessToken'])
    const said = await call(gateway, from, ['POST', '/v1/meetings/join'], {
      token,
      body: { code, passcode: `no ${n}` },
    })
    if (said.status === 403) looked += 1
  }
  return looked
}
