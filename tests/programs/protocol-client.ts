/**
 * A client written from the protocol alone: no SDK, no contracts, only fetch and WebSocket. It meets itself in a meeting and
 * checks every answer. `node protocol-client.ts <gateway url> [<another gateway url>]` prints a line per check and ends with 1
 * if one failed. It runs unchanged against the embedded and the distributed product.
 */
import { once } from 'node:events'
import WebSocket from 'ws'

const [first = 'http://localhost:8080', second = first] = process.argv.slice(2)
let failures = 0

type Json = Record<string, unknown>
interface Message {
  type: string
  requestId?: string
  payload: Json
}

function check(name: string, holds: boolean, seen?: unknown): void {
  if (!holds) failures += 1
  process.stdout.write(`${holds ? 'ok  ' : 'FAIL'} ${name}${holds ? '' : `: ${JSON.stringify(seen)}`}\n`)
}

async function rest(method: string, url: string, { token, body }: { token?: string; body?: unknown } = {}) {
  const headers = {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  }
  const response = await fetch(url, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  })
  const text = await response.text()
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    body: (text ? JSON.parse(text) : {}) as Json,
  }
}

class Client {
  readonly all: Message[] = []
  closed: number | null = null
  readonly #socket: WebSocket
  #next = 0

  constructor(url: string, protocols: string[], origin?: string) {
    this.#socket = new WebSocket(url, protocols, origin === undefined ? {} : { origin })
    this.#socket.on('message', (data) => {
      const message = { payload: {}, ...(JSON.parse(String(data)) as Omit<Message, 'payload'>) }
      this.all.push(message)
      if (message.type === 'ping') this.tell('pong')
    })
    this.#socket.on('close', (code) => (this.closed = code))
    this.#socket.on('error', () => (this.closed ??= 0))
  }

  /** 101 when it opened, otherwise the status of the refusal. */
  async opened(): Promise<number> {
    const refused = once(this.#socket, 'unexpected-response').then(
      ([, response]) => (response as { statusCode: number }).statusCode,
    )
    return Promise.race([once(this.#socket, 'open').then(() => 101), refused])
  }

  get protocol(): string {
    return this.#socket.protocol
  }

  tell(type: string, payload?: Json, requestId?: string): void {
    this.#socket.send(JSON.stringify({ type, requestId, payload }))
  }

  async ask(type: string, payload: Json = {}): Promise<Message> {
    const requestId = `q${this.#next++}`
    this.tell(type, payload, requestId)
    await until(() => this.all.some((message) => message.requestId === requestId), `an answer to ${type}`)
    return this.all.find((message) => message.requestId === requestId) ?? { type: 'none', payload: {} }
  }

  async next(type: string, matches: (payload: Json) => boolean = () => true): Promise<Json> {
    const find = () => this.all.find((message) => message.type === type && matches(message.payload))
    await until(() => find() !== undefined, type)
    return find()?.payload ?? {}
  }

  async closeCode(): Promise<number | null> {
    await until(() => this.closed !== null, 'a close')
    return this.closed
  }

  end(): void {
    this.#socket.close(1000)
  }
}

async function until(holds: () => boolean, what: string, ms = 8_000): Promise<void> {
  for (const end = Date.now() + ms; !holds(); await new Promise((go) => setTimeout(go, 10))) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`)
  }
}

const unique = () => `${Date.now()}-${Math.random().toString(36).slice(2, 10)}`
const ws = (gateway: string, path: string) => `${gateway.replace(/^http/, 'ws')}${path}`
const bearer = (token: unknown) => ['parley.v1', `bearer.${String(token)}`]
const codeOf = (message: Message) => message.payload['code']

async function account(gateway: string, name: string) {
  const registered = await rest('POST', `${gateway}/v1/auth/register`, {
    body: { email: `${unique()}@example.org`, password: 'correct horse', name, tokenDelivery: 'body' },
  })
  check(`${name} registers`, registered.status === 201, registered)
  return { token: String(registered.body['accessToken']), id: String((registered.body['user'] as Json)['id']), name }
}

async function roomToken(gateway: string, code: unknown, token: string) {
  const joining = await rest('POST', `${gateway}/v1/meetings/join`, { token, body: { code } })
  check('a room token is given by code', joining.status === 200 && joining.body['expiresIn'] === 120, joining)
  return joining.body
}

async function main(): Promise<void> {
  const ada = await account(first, 'Ada')
  const ben = await account(second, 'Ben')
  const created = await rest('POST', `${first}/v1/meetings`, {
    token: ada.token,
    body: { title: 'Protocol', type: 'public' },
  })
  check(
    'a meeting is made, with a code',
    created.status === 201 && /^[a-z]{3}-[a-z]{4}-[a-z]{3}$/.test(String(created.body['code'])),
    created,
  )
  const { code, id } = created.body as { code: string; id: string }

  // Both ways of authentication.
  const adaJoining = await roomToken(first, code, ada.token)
  const a = new Client(ws(first, `/v1/ws?meeting=${id}`), bearer(ada.token))
  check('opens with a bearer subprotocol', (await a.opened()) === 101 && a.protocol === 'parley.v1')
  const benJoining = await roomToken(second, code, ben.token)
  const b = new Client(ws(second, '/v1/ws'), ['parley.v1'])
  check('opens without a token', (await b.opened()) === 101)
  const ok = await b.ask('auth.authenticate', { accessToken: ben.token })
  check('authenticates by its first message', ok.type === 'auth.ok' && ok.payload['userId'] === ben.id, ok)

  const adaIn = await a.ask('room.join', { roomToken: adaJoining['roomToken'], device: { mic: true, cam: true } })
  check(
    'the host joins',
    adaIn.type === 'room.joined' && (adaIn.payload['selfParticipant'] as Json)['role'] === 'host',
    adaIn,
  )
  const benIn = await b.ask('room.join', { roomToken: benJoining['roomToken'], device: { mic: false, cam: true } })
  const peers = (benIn.payload['peers'] ?? []) as Json[]
  check('the second sees the first', benIn.type === 'room.joined' && peers[0]?.['name'] === 'Ada', benIn)
  const adaId = String((adaIn.payload['selfParticipant'] as Json)['id'])
  const benId = String((benIn.payload['selfParticipant'] as Json)['id'])
  check(
    'the first is told, one version later',
    (await a.next('participant.joined'))['v'] === (adaIn.payload['v'] as number) + 1,
  )

  const used = new Client(ws(first, '/v1/ws'), bearer(ben.token))
  await used.opened()
  const refused = await used.ask('room.join', { roomToken: benJoining['roomToken'], device: { mic: true, cam: true } })
  check('a used room token gets nowhere', codeOf(refused) === 'room-token-invalid', refused)
  used.end()

  for (let n = 0; n < 20; n++) a.tell('rtc.signal', { to: benId, data: { n } })
  await b.next('rtc.signal', ({ data }) => (data as Json)['n'] === 19)
  const order = b.all.filter(({ type }) => type === 'rtc.signal').map(({ payload }) => (payload['data'] as Json)['n'])
  check(
    'signals arrive in order, from whom they are',
    order.join() === [...Array(20).keys()].join() && (await b.next('rtc.signal'))['from'] === adaId,
    order,
  )
  const acked = await a.ask('rtc.signal', { to: benId, data: 'x' })
  check('a signal is acknowledged', acked.type === 'ack', acked)
  const lost = await a.ask('rtc.signal', { to: '01900000-0000-7000-8000-000000000000', data: 'x' })
  check('a signal to nobody is peer-not-found', codeOf(lost) === 'peer-not-found', lost)

  const clientMessageId = unique()
  const accepted = await b.ask('chat.send', { clientMessageId, text: 'hello' })
  check('chat is accepted with a number', accepted.type === 'chat.accepted' && accepted.payload['seq'] === 1, accepted)
  const repeated = await b.ask('chat.send', { clientMessageId, text: 'hello' })
  check('the same chat message is the same', repeated.payload['messageId'] === accepted.payload['messageId'], repeated)
  const said = (await a.next('chat.message'))['message'] as Json
  check('chat reaches the other', said['text'] === 'hello' && (said['sender'] as Json)['name'] === 'Ben', said)
  const posted = await rest('POST', `${first}/v1/meetings/${id}/messages`, {
    token: ada.token,
    body: { clientMessageId: unique(), text: 'by REST' },
  })
  check('chat by REST', posted.status === 201 && posted.body['seq'] === 2, posted)
  await b.next('chat.message', ({ message }) => (message as Json)['text'] === 'by REST')
  const history = await rest('GET', `${second}/v1/meetings/${id}/messages?afterSeq=0`, { token: ben.token })
  check(
    'the history has both, in order',
    ((history.body['items'] ?? []) as Json[]).map((item) => item['text']).join() === 'hello,by REST',
    history,
  )

  check('a hand is raised', (await b.ask('hand.raise')).type === 'ack')
  const hand = await a.next('hand.changed')
  check(
    'the other sees it, with its place',
    hand['raised'] === true && hand['position'] === 1 && hand['participantId'] === benId,
    hand,
  )
  check('a hand is lowered', (await b.ask('hand.lower')).type === 'ack')
  check(
    'media state is told',
    (await b.ask('media.update', { mic: true })).type === 'ack' && (await a.next('media.changed'))['mic'] === true,
  )
  check(
    'a reaction is seen',
    (await b.ask('reaction.send', { reaction: '👍' })).type === 'ack' &&
      (await a.next('reaction.added'))['reaction'] === '👍',
  )
  check('a ping is answered', (await a.ask('ping')).type === 'pong')
  check('sync gives a delta', (await a.ask('room.sync', { v: adaIn.payload['v'] as number })).type === 'room.delta')

  const wrong = await a.ask('media.update', { mic: 'yes', isAdmin: true })
  check(
    'a wrong payload is told by path',
    codeOf(wrong) === 'invalid-input' && JSON.stringify(wrong.payload['errors']).includes('/payload/isAdmin'),
    wrong,
  )
  check('an unknown type is told', codeOf(await a.ask('no.such.type')) === 'unknown-type')
  check(
    'a participant may not mute the host',
    codeOf(await b.ask('moderation.mute', { participantId: adaId, kind: 'mic' })) === 'forbidden',
  )
  for (const client of [a, b]) {
    const ids = client.all.flatMap(({ requestId }) => (requestId === undefined ? [] : [requestId]))
    check('every request got one answer', new Set(ids).size === ids.length, ids)
  }

  const foreign = new Client(ws(first, '/v1/ws'), bearer(ada.token), 'https://evil.example')
  check('a foreign origin gets nowhere', (await foreign.opened()) === 403)
  check('a bad token gets nowhere', (await new Client(ws(first, '/v1/ws'), bearer('nonsense')).opened()) === 401)
  const malformed = new Client(ws(first, '/v1/ws'), bearer(ada.token))
  await malformed.opened()
  malformed.tell('x'.repeat(70_000))
  check('a frame that is too large closes with 1009', (await malformed.closeCode()) === 1009)
  const guest = await rest('GET', `${first}/v1/meetings/${id}`)
  check(
    'REST without a token is a problem',
    guest.status === 401 &&
      guest.type.startsWith('application/problem+json') &&
      guest.body['code'] === 'unauthenticated',
    guest,
  )

  check('leaving is answered', (await b.ask('room.leave')).type === 'room.left')
  const left = await a.next('participant.left')
  check('and seen', left['participantId'] === benId && left['reason'] === 'left', left)
  const end = await a.ask('meeting.end')
  check('the host ends the meeting', end.type === 'ack', end)
  check(
    'and everybody is sent away',
    (await a.next('room.ended'))['reason'] === 'host' && (await a.closeCode()) === 4410,
    a.closed,
  )
  b.end()
}

try {
  await main()
} catch (error) {
  check(error instanceof Error ? error.message : String(error), false)
}
process.stdout.write(failures === 0 ? 'all checks passed\n' : `${failures} checks failed\n`)
process.exit(failures === 0 ? 0 : 1)
