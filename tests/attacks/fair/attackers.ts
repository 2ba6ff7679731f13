/**
 * Ten attackers of ten addresses, each with everything at once, as fast as it is let; a process of its own, so that its work does not
 * delay those who measure. `node attackers.ts <json of AttackPlan>` goes on until SIGTERM, then prints what they got.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { call, Line } from './wire.ts'

export interface AttackPlan {
  gateways: readonly string[]
  attackers: number
  /** Codes of meetings: one that everybody may walk into, one with a lobby, one with a passcode. */
  open: string
  lobby: string
  locked: string
  /** Addresses of mailboxes that they write to. */
  mailbox: string
}

const plan = JSON.parse(process.argv[2] ?? '') as AttackPlan
const outcomes = new Map<string, number>()
const note = (what: string): void => void outcomes.set(what, (outcomes.get(what) ?? 0) + 1)
let over = false
process.once('SIGTERM', () => {
  over = true
  process.stdout.write(`${JSON.stringify(Object.fromEntries([...outcomes].sort()))}\n`, () => process.exit(0))
})

/** One kind of attack: again and again, so many at once, with a pause. Every answer is counted. */
function again(what: string, everyMs: number, act: () => Promise<string | number>): void {
  void (async () => {
    while (!over) {
      void act().then(
        (outcome) => note(`${what} ${outcome}`),
        (error: unknown) => note(`${what} ${error instanceof Error ? error.message.slice(0, 24) : 'failed'}`),
      )
      await sleep(everyMs)
    }
  })()
}

const random = (): string => randomBytes(6).toString('hex')

async function attack(number: number): Promise<void> {
  const from = `10.66.0.${number + 1}`
  const gateway = plan.gateways[number % plan.gateways.length] ?? ''
  const post = (path: string, body: object, token?: string) =>
    call(gateway, from, ['POST', path], { body, ...(token !== undefined && { token }) })
  const guest = async (): Promise<string> => {
    const { body, status } = await post('/v1/auth/guest', { name: `Gast ${random()}`, tokenDelivery: 'body' })
    if (status !== 201) throw new Error(`guest ${status}`)
    return String(body['accessToken'])
  }
  const account = {
    email: `${random()}@example.org`,
    password: 'long enough a secret',
    name: 'Eve',
    tokenDelivery: 'body',
  }
  const token = String((await post('/v1/auth/register', account)).body['accessToken'])

  again(
    'login',
    110,
    async () => (await post('/v1/auth/login', { email: `${random()}@nobody.test`, password: random() })).status,
  )
  again(
    'guest',
    150,
    async () =>
      await guest().then(
        () => 201,
        (error: Error) => error.message,
      ),
  )
  again('lobby', 300, async () => (await post('/v1/meetings/join', { code: plan.lobby }, await guest())).status)
  again(
    'passcode',
    300,
    async () => (await post('/v1/meetings/join', { code: plan.locked, passcode: random() }, await guest())).status,
  )
  again('socket', 250, async () => (await Line.open(gateway, from, token), 'opened'))
  again('stream', 400, () => stream(gateway, from, token))
  again('forgot', 500, async () => (await post('/v1/auth/forgot-password', { email: plan.mailbox })).status)
  again('mail', 1_000, async () => {
    const email = plan.mailbox.replace('@', `+${random()}@`)
    return (await post('/v1/auth/register', { ...account, email })).status
  })
  await signals(gateway, from, await guest(), post)
}

/** Opens an event stream and keeps it. */
async function stream(gateway: string, from: string, token: string): Promise<number> {
  const headers = { 'x-forwarded-for': from, authorization: `Bearer ${token}`, accept: 'text/event-stream' }
  const response = await fetch(`${gateway}/v1/events`, { headers })
  if (response.status !== 200) await response.body?.cancel()
  return response.status
}

/** Takes places among the honest, and sends all of them what is large and what is many. */
async function signals(
  gateway: string,
  from: string,
  token: string,
  post: (path: string, body: object, token: string) => Promise<{ body: Record<string, unknown> }>,
): Promise<void> {
  const { body } = await post('/v1/meetings/join', { code: plan.open }, token)
  const line = await Line.open(gateway, from, token)
  const joined = await line.ask('room.join', { roomToken: body['roomToken'], device: { mic: false, cam: false } })
  const peers = ((joined.payload['peers'] ?? []) as { id: string }[]).map(({ id }) => id)
  note(`seat ${joined.type}`)
  line.hear = ({ type, payload }) => type === 'error' && note(`signal ${String(payload['code'])}`)
  const large = 'x'.repeat(60_000)
  let turn = 0
  const timer = setInterval(() => {
    if (over || line.closed !== null) {
      clearInterval(timer)
      return note(`seat closed ${line.closed}`)
    }
    turn += 1
    const to = peers[turn % Math.max(1, peers.length)]
    if (to !== undefined) line.tell('rtc.signal', { to, data: turn % 2 === 0 ? large : 'x' }, `s${turn}`)
    if (turn % 2 === 0) line.tell('reaction.send', { reaction: '👍' }, `r${turn}`)
    if (turn % 5 === 0)
      line.tell('chat.send', { clientMessageId: crypto.randomUUID(), text: 'spam '.repeat(100) }, `c${turn}`)
    if (turn % 5 === 2) line.tell('media.update', { mic: turn % 2 === 0 }, `m${turn}`)
  }, 40)
}

for (let number = 0; number < plan.attackers; number += 1)
  void attack(number).catch((error: unknown) => note(`attacker ${String(error)}`))
