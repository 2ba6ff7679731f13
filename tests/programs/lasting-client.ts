/**
 * A client that lasts, written by docs/spec/protocol.md alone: no SDK, no contracts. Two people meet. One loses the network, comes
 * back by itself, and both stay. `node lasting-client.ts <gateway url> [<seconds to stay>]` prints a line per check and ends with 1
 * if one failed. In comments, § is a section of the page.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'

const [gateway = 'http://localhost:8080', seconds = '65'] = process.argv.slice(2)
let failures = 0

type Json = Record<string, unknown>
interface Message {
  type: string
  requestId?: string
  payload: Json
}
interface Person {
  accessToken: string
  refreshToken: string
}
interface Chat {
  seq: number
  rev?: number
  text?: string
}

function check(name: string, holds: boolean, seen?: unknown): void {
  if (!holds) failures += 1
  process.stdout.write(`${holds ? 'ok  ' : 'FAIL'} ${name}${holds ? '' : `: ${JSON.stringify(seen)}`}\n`)
}

async function until(holds: () => boolean, what: string, ms = 15_000): Promise<void> {
  for (const end = Date.now() + ms; !holds(); await sleep(20))
    if (Date.now() > end) throw new Error(`no ${what} in ${ms} ms`)
}

async function rest(
  method: string,
  path: string,
  { token, body }: { token?: string; body?: Json } = {},
): Promise<Json> {
  const response = await fetch(gateway + path, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  })
  const answer = (await response.json()) as Json
  if (!response.ok) throw new Error(`${method} ${path}: ${String(answer['code'])} ${String(answer['detail'])}`)
  return answer
}

/** §10: what a close code asks for; everything else is a lost network. */
const stops: ReadonlySet<number> = new Set([1000, 4403, 4409, 4410, 1002, 1007, 1008, 1009, 4400])
const renews: ReadonlySet<number> = new Set([4401])

/** One stay in one meeting, over as many sockets as it takes. */
class Stay {
  /** §6: everybody by participant id, oneself too. */
  readonly people = new Map<string, Json>()
  readonly messages = new Map<number, Chat>()
  readonly heard: Message[] = []
  id = ''
  v = 0
  resumes = 0
  state: 'out' | 'in' | 'stopped' = 'out'
  readonly #person: Person
  #socket: WebSocket | null = null
  #url = ''
  #session = { id: '', resumeToken: '' }
  #meetingId = ''
  #signals = 0
  #lastChat = 0
  #frameAt = 0
  #syncing = false
  /** Without an answer: they go again, byte for byte, after a resume (§3). */
  readonly #open = new Map<string, { frame: string; resolve(answer: Message): void }>()

  constructor(person: Person) {
    this.#person = person
  }

  /** §1, §2, §4. */
  async join(code: string): Promise<void> {
    const { roomToken, signalingUrl } = await rest('POST', '/v1/meetings/join', {
      token: this.#person.accessToken,
      body: { code },
    })
    this.#url = String(signalingUrl)
    await this.#connect()
    const { type, payload } = await this.ask('room.join', { roomToken, device: { mic: false, cam: false } })
    if (type !== 'room.joined') throw new Error(`${type}: ${JSON.stringify(payload)}`)
    this.#session = { id: String(payload['sessionId']), resumeToken: String(payload['resumeToken']) }
    this.#meetingId = String((payload['meeting'] as Json)['id'])
    this.#replace(payload)
    this.id = String((payload['selfParticipant'] as Json)['id'])
    this.state = 'in'
    await this.#repairChat(Number(payload['chatSeq']))
    void this.#watch()
  }

  ask(type: string, payload?: Json): Promise<Message> {
    const requestId = randomUUID()
    const frame = JSON.stringify({ type, requestId, ...(payload && { payload }) })
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${type}`)), 20_000)
      this.#open.set(requestId, { frame, resolve: (answer) => (clearTimeout(timer), resolve(answer)) })
      this.#send(frame)
    })
  }

  /** The network goes, without a word. */
  cut(): void {
    this.#socket?.terminate()
  }

  async leave(): Promise<string> {
    this.state = 'stopped'
    const { type } = await this.ask('room.leave')
    this.#socket?.close(1000)
    return type
  }

  #send(frame: string): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(frame)
  }

  async #connect(): Promise<void> {
    const socket = new WebSocket(this.#url, ['parley.v1', `bearer.${this.#person.accessToken}`])
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    this.#socket = socket
    this.#frameAt = Date.now()
    socket.on('error', () => {})
    socket.on('message', (data) =>
      this.#take({ payload: {}, ...(JSON.parse(String(data)) as Omit<Message, 'payload'>) }),
    )
    socket.on('close', (code) => {
      if (this.#socket !== socket) return
      this.#socket = null
      if (this.state === 'in') void this.#comeBack(code)
    })
  }

  /** §6: 20 s without a frame from the server, and the socket is taken for lost. */
  async #watch(): Promise<void> {
    for (; this.state === 'in'; await sleep(1_000)) {
      if (this.#socket !== null && Date.now() - this.#frameAt > 20_000) this.#socket.terminate()
    }
  }

  /** §7: a fresh socket, after a random wait whose bound doubles up to 10 s. */
  async #comeBack(code: number): Promise<void> {
    if (stops.has(code)) return void (this.state = 'stopped')
    for (let bound = 250; this.state === 'in'; bound = Math.min(2 * bound, 10_000)) {
      await sleep(Math.random() * bound)
      try {
        if (renews.has(code)) await this.#refresh()
        await this.#connect()
        return await this.#resume()
      } catch (error) {
        process.stdout.write(`     (again: ${String(error)})\n`)
      }
    }
  }

  async #refresh(): Promise<void> {
    const { refreshToken } = this.#person
    const answer = await rest('POST', '/v1/auth/refresh', { body: { refreshToken } })
    Object.assign(this.#person, { accessToken: answer['accessToken'], refreshToken: answer['refreshToken'] })
  }

  async #resume(): Promise<void> {
    const { id: sessionId, resumeToken } = this.#session
    const waiting = [...this.#open.values()].map(({ frame }) => frame)
    const { type, payload } = await this.ask('room.resume', {
      sessionId,
      resumeToken,
      v: this.v,
      signalSeq: this.#signals,
    })
    if (type !== 'room.resumed') throw new Error(`${type}: ${JSON.stringify(payload)}`)
    this.#session.resumeToken = String(payload['resumeToken'])
    this.#signals = Number(payload['signalSeq'])
    if (payload['delta']) this.#apply('room.delta', payload['delta'] as Json)
    if (payload['snapshot']) this.#replace(payload['snapshot'] as Json)
    for (const frame of waiting) this.#send(frame)
    this.resumes += 1
    await this.#repairChat(Number(payload['chatSeq']))
  }

  #take(message: Message): void {
    this.#frameAt = Date.now()
    this.heard.push(message)
    const { type, requestId, payload } = message
    if (requestId !== undefined) {
      this.#open.get(requestId)?.resolve(message)
      this.#open.delete(requestId)
    }
    if (type === 'ping') return this.#ping(payload)
    if (type === 'rtc.signal') this.#signals += 1
    if (type === 'chat.message') this.#chat(payload['message'] as Chat)
    if (type === 'room.delta' || type === 'room.snapshot' || typeof payload['v'] === 'number')
      this.#apply(type, payload)
  }

  #ping({ v, chatSeq }: Json): void {
    this.#send(JSON.stringify({ type: 'pong' }))
    if (Number(v) > this.v) this.#sync()
    if (Number(chatSeq) > this.#lastChat) void this.#repairChat(Number(chatSeq))
  }

  /** The table of §6. */
  #apply(type: string, payload: Json): void {
    const v = Number(payload['v'])
    if (type === 'room.snapshot') return this.#replace(payload)
    if (type === 'room.delta') {
      if (v < this.v) return
      for (const id of payload['left'] as string[]) this.people.delete(id)
      for (const one of payload['upserts'] as Json[]) this.people.set(String(one['id']), one)
      this.v = v
      return
    }
    if (type === 'room.joined' || v <= this.v) return
    if (v > this.v + 1) return this.#sync()
    this.v = v
    const { participant, participantId, v: _v, raised: _raised, position: _position, by: _by, ...changed } = payload
    const known = this.people.get(String(participantId))
    if (type === 'participant.joined') this.people.set(String((participant as Json)['id']), participant as Json)
    else if (type === 'participant.left') this.people.delete(String(participantId))
    else if (known) this.people.set(String(participantId), { ...known, ...changed })
  }

  #replace(payload: Json): void {
    this.people.clear()
    for (const one of [payload['selfParticipant'] as Json, ...(payload['peers'] as Json[])])
      this.people.set(String(one['id']), one)
    this.v = Number(payload['v'])
  }

  #sync(): void {
    if (this.#syncing) return
    this.#syncing = true
    void this.ask('room.sync', { v: this.v }).finally(() => (this.#syncing = false))
  }

  #chat(message: Chat): void {
    if (message.seq > this.#lastChat + 1) return void this.#repairChat(message.seq)
    this.messages.set(message.seq, message)
    this.#lastChat = Math.max(this.#lastChat, message.seq)
  }

  async #repairChat(newest: number): Promise<void> {
    for (let cursor = ''; this.#lastChat < newest || cursor !== '';) {
      const more = cursor === '' ? `afterSeq=${this.#lastChat}` : `cursor=${encodeURIComponent(cursor)}`
      const path = `/v1/meetings/${this.#meetingId}/messages?${more}&limit=200`
      const page = await rest('GET', path, { token: this.#person.accessToken })
      for (const message of page['items'] as Chat[]) this.#chat(message)
      cursor = String(page['nextCursor'] ?? '')
    }
  }
}

const texts = ({ messages }: Stay): string => [...messages.values()].map(({ text }) => text).join()
const roster = ({ people }: Stay): unknown =>
  [...people.values()].map(({ id, hand, mic, connection }) => [id, hand, mic, connection]).sort()
const says = (stay: Stay, text: string) =>
  stay.ask('chat.send', { clientMessageId: randomBytes(9).toString('base64url'), text })

async function main(): Promise<void> {
  const account = {
    email: `${randomUUID()}@example.org`,
    password: 'correct horse',
    name: 'Ada',
    tokenDelivery: 'body',
  }
  const ada = (await rest('POST', '/v1/auth/register', { body: account })) as unknown as Person
  const gus = (await rest('POST', '/v1/auth/guest', {
    body: { name: 'Gus', tokenDelivery: 'body' },
  })) as unknown as Person
  const created = await rest('POST', '/v1/meetings', {
    token: ada.accessToken,
    body: { title: 'Lasting', type: 'public' },
  })
  const [a, g] = [new Stay(ada), new Stay(gus)]
  await a.join(String(created['code']))
  await g.join(String(created['code']))
  await until(() => a.people.has(g.id), 'news of Gus')
  check('both are in, and see each other', g.people.has(a.id) && g.people.has(g.id))

  check('chat is accepted', (await says(g, 'hello')).type === 'chat.accepted')
  await until(() => texts(a) === 'hello' && texts(g) === 'hello', 'hello at both')

  g.cut()
  const late = g.ask('media.update', { mic: true })
  await says(a, 'while you were away')
  await a.ask('hand.raise')
  await until(() => g.resumes === 1 && texts(g) === 'hello,while you were away', 'Gus, back with all of the chat')
  check('what was asked while the network was gone is done after it', (await late).type === 'ack')
  await until(() => JSON.stringify(roster(a)) === JSON.stringify(roster(g)) && a.v === g.v, 'the same room at both')
  const gone = a.heard.filter(({ type }) => type === 'participant.left')
  check('nobody saw Gus leave', gone.length === 0, gone)
  check('and Ada’s hand is up', g.people.get(a.id)?.['hand'] !== null)

  await sleep(Number(seconds) * 1_000)
  check(
    `both are still in after ${seconds} s`,
    a.state === 'in' && g.state === 'in' && a.resumes === 0 && g.resumes === 1,
    [a, g],
  )
  await says(a, 'still there?')
  await until(() => texts(g).endsWith('still there?'), 'the last message')
  check('leaving is answered', (await g.leave()) === 'room.left')
  await until(() => !a.people.has(g.id), 'the news that Gus left')
  check('Ada leaves', (await a.leave()) === 'room.left')
}

try {
  await main()
} catch (error) {
  check(error instanceof Error ? error.message : String(error), false)
}
process.stdout.write(failures === 0 ? 'all checks passed\n' : `${failures} checks failed\n`)
process.exit(failures === 0 ? 0 : 1)
