import { randomBytes, randomUUID } from 'node:crypto'
import WebSocket from 'ws'
import { call, Line } from './wire.ts'

export interface AttackPlan {
  gateways: readonly string[]
  attackers: number
  /** The third number of their addresses: whoever attacked before has used up what one address may. */
  network: number
  /** Codes of meetings: one that everybody may walk into, one with a lobby, one with a passcode. */
  open: string
  lobby: string
  locked: string
  /** An address of a mailbox that they write to. */
  mailbox: string
  /** The names of the attacks; `together` when none is given. */
  only?: readonly string[]
}

/** Somebody who attacks, from an address of their own. */
export interface Attacker {
  plan: AttackPlan
  gateway: string
  from: string
  /** Of an account. */
  token: string
  refreshToken: string
  /** A meeting of this account. */
  meetingId: string
  post(path: string, body: object, token?: string): Promise<{ status: number; body: Record<string, unknown> }>
  /** A new guest's token. */
  guest(): Promise<string>
  note(what: string): void
  over(): boolean
}

interface Attack {
  /** The rows of docs/spec/shared-things.md that it is after. */
  rows: readonly string[]
  everyMs: number
  act(eve: Attacker): Promise<string | number>
}

export const random = (): string => randomBytes(6).toString('hex')
export const account = () => ({
  email: `${random()}@example.org`,
  password: 'long enough a secret',
  name: 'Eve',
  tokenDelivery: 'body',
})
const ask = (eve: Attacker, method: string, path: string, body?: object) =>
  call(eve.gateway, eve.from, [method, path], { token: eve.token, ...(body && { body }) }).then(({ status }) => status)

export const attacks: Readonly<Record<string, Attack>> = {
  'wrong sign-ins': {
    rows: ['hashing of passwords', 'auth:guesses', 'auth:password-work'],
    everyMs: 110,
    act: async ({ post }) =>
      (await post('/v1/auth/login', { email: `${random()}@nobody.test`, password: random() })).status,
  },
  registrations: {
    rows: ['auth:verifications', 'hashing of passwords'],
    everyMs: 1_000,
    act: async ({ plan, post }) =>
      (await post('/v1/auth/register', { ...account(), email: plan.mailbox.replace('@', `+${random()}@`) })).status,
  },
  'forgotten passwords': {
    rows: ['auth:mails'],
    everyMs: 500,
    act: async ({ plan, post }) => (await post('/v1/auth/forgot-password', { email: plan.mailbox })).status,
  },
  'new guests': {
    rows: ['op:'],
    everyMs: 150,
    act: async ({ guest }) =>
      guest().then(
        () => 201,
        (error: Error) => error.message,
      ),
  },
  refreshes: {
    rows: ['gateway:refresh'],
    everyMs: 45,
    act: async ({ post, refreshToken }) => (await post('/v1/auth/refresh', { refreshToken })).status,
  },
  'paths that lead nowhere': {
    rows: ['gateway:unknown', 'gateway:address'],
    everyMs: 45,
    act: async ({ post }) => (await post(`/v1/nothing/${random()}`, {})).status,
  },
  'requests of an account': {
    rows: ['gateway:principal', 'gateway:signed-in', 'requests under one idempotency key'],
    everyMs: 45,
    act: async (eve) => ask(eve, 'GET', '/v1/meetings'),
  },
  'a lobby': {
    rows: ['places in a lobby'],
    everyMs: 300,
    act: async ({ plan, post, guest }) => (await post('/v1/meetings/join', { code: plan.lobby }, await guest())).status,
  },
  'codes that are guessed': {
    rows: ['code:principal', 'code:address'],
    everyMs: 45,
    act: async (eve) => ask(eve, 'GET', `/v1/meetings/code/${randomCode()}/access`),
  },
  'passcodes that are guessed': {
    rows: ['passcode:person', 'passcode:address', 'passcode:guests', 'hashing of passcodes, set or said'],
    everyMs: 300,
    act: async ({ plan, post, guest }) =>
      (await post('/v1/meetings/join', { code: plan.locked, passcode: random() }, await guest())).status,
  },
  'passcodes that are set': {
    rows: ['hashing of passcodes, set or said', 'changes of one meeting, coming into it'],
    everyMs: 50,
    act: async (eve) => ask(eve, 'PATCH', `/v1/meetings/${eve.meetingId}`, { passcode: random() }),
  },
  'changes of a profile': {
    rows: ['writes of one account'],
    everyMs: 50,
    act: async (eve) => ask(eve, 'PATCH', '/v1/me', { name: `Eve ${random()}` }),
  },
  invites: {
    rows: ['invite:address', 'invite:sender', 'invite:mailbox'],
    everyMs: 200,
    act: async (eve) => ask(eve, 'POST', `/v1/meetings/${eve.meetingId}/invites`, { email: eve.plan.mailbox }),
  },
  messages: {
    rows: ['chat-sends', 'edits of messages'],
    everyMs: 30,
    act: async (eve) =>
      ask(eve, 'POST', `/v1/meetings/${eve.meetingId}/messages`, { clientMessageId: randomUUID(), text: 'spam' }),
  },
  files: {
    rows: ['uploads that store bytes', 'pictures that are looked at'],
    everyMs: 200,
    act: async (eve) =>
      ask(eve, 'POST', '/v1/files', {
        purpose: 'avatar',
        name: 'a.png',
        sizeBytes: 1_000_000,
        contentType: 'image/png',
      }),
  },
  webhooks: {
    rows: ['deliveries to webhooks'],
    everyMs: 200,
    act: async (eve) => ask(eve, 'POST', '/v1/webhooks', { url: 'https://hooks.example.org/eve' }),
  },
  'idle sockets': {
    rows: [
      'sockets of a gateway',
      'sockets of a signaling node',
      'gateway:upgrade',
      'handshakes with one signaling node',
    ],
    everyMs: 250,
    act: async ({ gateway, from, token }) => (await Line.open(gateway, from, token), 'opened'),
  },
  'silent sockets': {
    rows: ['sockets that are not signed in'],
    everyMs: 50,
    act: async ({ gateway, from }) =>
      new Promise((resolve) => {
        const socket = new WebSocket(`${gateway.replace('http', 'ws')}/v1/ws`, ['parley.v1'], {
          headers: { 'x-forwarded-for': from },
        })
        socket.once('open', () => resolve('opened'))
        socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode ?? 0))
        socket.on('error', () => resolve('broke'))
      }),
  },
  'resumes that are invented': {
    rows: ['rooms in memory of a signaling node'],
    everyMs: 200,
    act: async ({ gateway, from, token }) => {
      const line = await Line.open(gateway, from, token)
      const { type, payload } = await line.ask('room.resume', {
        meetingId: randomUUID(),
        resumeToken: random().repeat(3),
        v: 0,
      })
      line.drop()
      return `${type} ${String(payload['code'])}`
    },
  },
  'event streams': {
    rows: ['event streams of a gateway', 'event streams of a signaling node'],
    everyMs: 400,
    act: async ({ gateway, from, token }) => {
      const headers = { 'x-forwarded-for': from, authorization: `Bearer ${token}`, accept: 'text/event-stream' }
      const response = await fetch(`${gateway}/v1/events`, { headers })
      if (response.status !== 200) await response.body?.cancel()
      return response.status
    },
  },
  'large signals': {
    rows: ['places in a room', 'bytes that one sends on sockets (X3)', 'signals to somebody who does not keep up (X3)'],
    everyMs: 3_600_000,
    act: takeSeat,
  },
}

/** Done at once: an attack on each kind of thing. */
export const together = [
  'wrong sign-ins',
  'registrations',
  'forgotten passwords',
  'new guests',
  'a lobby',
  'passcodes that are guessed',
  'idle sockets',
  'event streams',
  'large signals',
] as const

function randomCode(): string {
  const letters = (n: number) => Array.from({ length: n }, () => 'abcdefghjk'[Math.floor(Math.random() * 10)]).join('')
  return `${letters(3)}-${letters(4)}-${letters(3)}`
}

/** Takes a place among the honest, and sends all of them what is large and what is many. */
async function takeSeat({ plan, gateway, from, post, guest, note, over }: Attacker): Promise<string> {
  const token = await guest()
  const { body } = await post('/v1/meetings/join', { code: plan.open }, token)
  const line = await Line.open(gateway, from, token)
  const joined = await line.ask('room.join', { roomToken: body['roomToken'], device: { mic: false, cam: false } })
  const peers = ((joined.payload['peers'] ?? []) as { id: string }[]).map(({ id }) => id)
  line.hear = ({ type, payload }) => type === 'error' && note(`large signals ${String(payload['code'])}`)
  const large = 'x'.repeat(60_000)
  let turn = 0
  const timer = setInterval(() => {
    if (over() || line.closed !== null) {
      clearInterval(timer)
      return note(`large signals: seat closed ${line.closed}`)
    }
    turn += 1
    const to = peers[turn % Math.max(1, peers.length)]
    if (to !== undefined) line.tell('rtc.signal', { to, data: turn % 2 === 0 ? large : 'x' }, `s${turn}`)
    if (turn % 2 === 0) line.tell('reaction.send', { reaction: '👍' }, `r${turn}`)
    if (turn % 5 === 0) line.tell('chat.send', { clientMessageId: randomUUID(), text: 'spam '.repeat(100) }, `c${turn}`)
    if (turn % 5 === 2) line.tell('media.update', { mic: turn % 2 === 0 }, `m${turn}`)
  }, 40)
  return joined.type
}
